// The commands `coordinator` and `worker`: a run whose nodes are on several hosts.
#pragma once

#include <leat/internal/cli/console.hpp>
#include <leat/internal/cli/run_role.hpp>

#include <functional>

namespace leat {

inline constexpr std::string_view coordinator_help = "run the graph with workers on other hosts";
inline constexpr std::string_view worker_help = "run a share of the graph for a coordinator";

/// Runs `run` with these arguments, in a role.
using run_as = std::function<exit_code(const std::vector<std::string>& arguments, run_role role)>;

/// Listens for workers, and runs what stands after -- among the arguments, with them.
exit_code coordinator_command(const std::vector<std::string>& arguments, const console& to,
                              const run_as& run);

/// Joins a coordinator, and runs a share of what it runs.
exit_code worker_command(const std::vector<std::string>& arguments, const console& to,
                         const run_as& run);

} // namespace leat
