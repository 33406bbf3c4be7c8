// The command `run`.
#pragma once

#include <leat/internal/cli/console.hpp>
#include <leat/internal/cli/graph_maker.hpp>
#include <leat/internal/cli/run_role.hpp>
#include <leat/internal/cli/run_settings.hpp>

namespace leat {

/// Makes rows that follow those of the summary.
using further_rows = std::function<text_rows(const job_metrics&)>;

/// Runs a graph to its end, and tells how it went. SIGINT and SIGTERM stop it: the first lets it
/// finish what was read, the second ends it at once, the third kills the process as ever.
exit_code run_command(const graph_maker& make, const run_settings& settings,
                      const further_rows& more, const console& to, run_role role);

} // namespace leat
