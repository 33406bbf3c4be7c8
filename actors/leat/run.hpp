// A graph as a command line program.
//
//   int main(int argc, char** argv) {
//     leat::program fraud{"fraud", "Scores card payments while they arrive."};
//     std::string input;
//     fraud.add("--input FILE", input, "payments as CSV").required();
//     fraud.graph([&] { return make_graph(input); });
//     return fraud.main(argc, argv);
//   }
#pragma once

#include <leat/job.hpp>
#include <leat/options.hpp>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace leat {

/// The exit codes of a program. Scripts rely on these.
enum exit_code : int {
  exit_done = 0,    ///< success, also of a run that was stopped in order
  exit_refused = 1, ///< nothing was read: correct the command line, a file or the model
  exit_failed = 2,  ///< a fault while records were read
  exit_stopped_at_once = 130
};

/// A program around a graph: `program run`, `program describe`, and custom commands. Commands
/// and options go into --help in the order of their declaration. Not thread-safe.
class program {
public:
  /// The name precedes errors; the description is one sentence for --help.
  program(std::string name, std::string description);
  ~program();
  program(program&&) noexcept;
  program& operator=(program&&) noexcept;

  /// Declares an option of the graph, which both `run` and `describe` take; see option_set::add.
  template <option_value T>
  option& add(std::string_view flag, T& value, std::string help) {
    return graph_options().add(flag, value, std::move(help));
  }

  /// Makes the graph. It is called once, after the options were read, and may throw leat::failure.
  /// Without it the program has no command but its own.
  void graph(std::function<leat::graph()> make);

  /// Adds a command; its options are added to what is returned, which lives as long as the program.
  /// The action is called after they were read, and may throw leat::failure instead of returning an
  /// error.
  option_set& command(std::string name, std::string help, std::function<result<void>()> action);

  /// Offers `run --state NAME:DIR`, which keeps keyed state that is larger than memory:
  /// offer_states("rocksdb", leat::rocksdb_states).
  void offer_states(std::string name, make_state_backend make);

  /// Adds rows to the summary of a run that ended well: labels and values. Not called by a --quiet
  /// run.
  void after_run(std::function<text_rows(const job_metrics&)> rows);

  /// Replaces standard output and standard error. The streams must outlive the program.
  void print_to(std::FILE* out, std::FILE* err);

  /// Runs the command that the arguments name. Returns a leat::exit_code for main(). Never throws,
  /// never exits.
  int main(int argc, char** argv);

private:
  struct parts;

  option_set& graph_options();

  std::unique_ptr<parts> parts_;
};

/// A program without custom options and commands. Its name is that of the graph.
int run(graph g, int argc, char** argv);

} // namespace leat
