#include <leat/run.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/cli/certs_command.hpp>
#include <leat/internal/cli/cluster_commands.hpp>
#include <leat/internal/cli/commands.hpp>
#include <leat/internal/cli/describe_command.hpp>
#include <leat/internal/cli/inspect_command.hpp>
#include <leat/internal/cli/run_command.hpp>
#include <leat/internal/cli/savepoint_command.hpp>
#include <leat/internal/cli/tail_command.hpp>

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <optional>

namespace leat {

namespace {

constexpr std::string_view run_help = "run the graph until its input ends or Ctrl-C stops it";
constexpr std::string_view describe_help = "print the graph: its stages and edges";

} // namespace

struct program::parts {
  struct own_command {
    std::string name;
    std::string help;
    std::function<result<void>()> action;
    option_set options;
  };

  int main(int argc, char** argv);
  exit_code obey(const std::vector<std::string>& arguments);
  exit_code run(const std::vector<std::string>& arguments, run_role role = {});
  exit_code describe(const std::vector<std::string>& arguments);
  exit_code act(const own_command& c, const std::vector<std::string>& arguments);
  exit_code refuse_command(std::string what) const;
  text_rows commands() const;
  run_as runner();

  std::string about;
  console terminal;
  option_set graph_options;
  graph_maker make;
  offered_states states;
  further_rows after_run;
  std::deque<own_command> own_commands; // a deque, so that references stay
};

program::program(std::string name, std::string description) : parts_(std::make_unique<parts>()) {
  parts_->about = std::move(description);
  parts_->terminal = {std::move(name), stdout, stderr};
}

program::~program() = default;
program::program(program&&) noexcept = default;
program& program::operator=(program&&) noexcept = default;

option_set& program::graph_options() { return parts_->graph_options; }

void program::graph(std::function<leat::graph()> make) { parts_->make = std::move(make); }

option_set& program::command(std::string name, std::string help,
                             std::function<result<void>()> action) {
  parts_->own_commands.push_back({std::move(name), std::move(help), std::move(action), {}});
  return parts_->own_commands.back().options;
}

void program::offer_states(std::string name, make_state_backend make) {
  parts_->states[std::move(name)] = std::move(make);
}

void program::after_run(std::function<text_rows(const job_metrics&)> rows) {
  parts_->after_run = std::move(rows);
}

void program::print_to(std::FILE* out, std::FILE* err) {
  parts_->terminal.out = out, parts_->terminal.err = err;
}

int program::main(int argc, char** argv) { return parts_->main(argc, argv); }

int program::parts::main(int argc, char** argv) {
  try {
    return obey(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  } catch (const failure& f) {
    terminal.tell(f.error());
    return f.error().domain == error_domain::user ? exit_refused : exit_failed;
  } catch (const std::exception& e) {
    terminal.tell(internal_error(e.what()));
    return exit_failed;
  } catch (...) {
    terminal.tell(internal_error("an exception that is not a std::exception"));
    return exit_failed;
  }
}

exit_code program::parts::obey(const std::vector<std::string>& arguments) {
  if (arguments.empty())
    return refuse_command("no command");
  const std::string& name = arguments.front();
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (asks_for_help(name)) {
    terminal.print(help_of_commands(terminal.program, about, commands()));
    return exit_done;
  }
  if (make && name == "run")
    return run(rest);
  if (make && name == "describe")
    return describe(rest);
  if (make && name == "coordinator")
    return coordinator_command(rest, terminal, runner());
  if (make && name == "worker")
    return worker_command(rest, terminal, runner());
  if (make && name == "certs")
    return certs_command(rest, terminal);
  if (make && name == "savepoint")
    return savepoint_command(rest, terminal);
  if (make && name == "inspect")
    return inspect_command(rest, terminal);
  if (make && name == "tail")
    return tail_command(rest, terminal);
  for (const own_command& c : own_commands)
    if (c.name == name)
      return act(c, rest);
  return refuse_command(fmt::format("unknown command {}", shown(name)));
}

exit_code program::parts::refuse_command(std::string what) const {
  std::vector<std::string> names;
  for (const auto& [each, text] : commands())
    names.push_back(each);
  return terminal.refuse(user_error(
      std::move(what), fmt::format("the command comes first: {}", fmt::join(names, ", "))));
}

exit_code program::parts::run(const std::vector<std::string>& arguments, run_role role) {
  option_set all = graph_options;
  run_settings settings;
  settings.states.offered = states;
  settings.declare(all);
  const parse_context with{nullptr, &settings.places, &role.files, &role.what.files};
  if (const auto ended =
          read_options(all, arguments, {"run", run_help, run_settings::specs()}, terminal, with))
    return *ended;
  return run_command(make, settings, after_run, terminal, std::move(role));
}

run_as program::parts::runner() {
  return [this](const std::vector<std::string>& arguments, run_role role) {
    return run(arguments, std::move(role));
  };
}

exit_code program::parts::describe(const std::vector<std::string>& arguments) {
  option_set all = graph_options;
  describe_settings settings;
  settings.declare(all);
  option_set of_run; // a configuration file serves both commands
  run_settings unused;
  unused.states.offered = states;
  unused.declare(of_run);
  if (const auto ended =
          read_options(all, arguments, {"describe", describe_help, describe_settings::specs()},
                       terminal, {&of_run, &settings.places}))
    return *ended;
  return describe_command(make, settings, terminal);
}

exit_code program::parts::act(const own_command& c, const std::vector<std::string>& arguments) {
  if (const auto ended = read_options(c.options, arguments, {c.name, c.help}, terminal))
    return *ended;
  if (const auto done = c.action(); !done)
    throw failure(done.error());
  return exit_done;
}

text_rows program::parts::commands() const {
  text_rows rows;
  if (make) {
    rows.emplace_back("run", run_help);
    rows.emplace_back("describe", describe_help);
    rows.emplace_back("coordinator", coordinator_help);
    rows.emplace_back("worker", worker_help);
    rows.emplace_back("certs", certs_help);
    rows.emplace_back("savepoint", savepoint_help);
    rows.emplace_back("inspect", inspect_help);
    rows.emplace_back("tail", tail_help);
  }
  for (const own_command& c : own_commands)
    rows.emplace_back(c.name, c.help);
  return rows;
}

int run(graph g, int argc, char** argv) {
  program p{g.name(), fmt::format("Runs the graph {}.", g.name())};
  p.graph([&] { return g; });
  return p.main(argc, argv);
}

} // namespace leat
