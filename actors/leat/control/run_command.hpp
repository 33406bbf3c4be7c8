// The commands every program with a graph has.
#pragma once

#include <leat/control/console.hpp>
#include <leat/control/run_settings.hpp>

#include <functional>

namespace leat {

/// Makes the graph, once; throws leat::failure where it cannot.
using graph_maker = std::function<leat::graph()>;

/// Makes rows that follow those of the summary.
using further_rows = std::function<text_rows(const job_report&)>;

/// Runs a graph to its end, and tells how it went. SIGINT and SIGTERM stop it: the first lets it
/// finish what was read, the second ends it at once, the third kills the process as ever.
exit_code run_command(const graph_maker& make, const run_settings& settings,
                      const further_rows& more, const console& to);

/// As they are given on the command line.
struct describe_settings {
  std::string format = "text";
  std::uint64_t parallelism = 1;
  std::string config;
  option_places places; ///< of what a configuration file gave

  void declare(option_set& options);
};

/// Prints a graph.
exit_code describe_command(const graph_maker& make, const describe_settings& settings,
                           const console& to);

} // namespace leat
