// A process that runs the job in another one, and starts that again when it crashes.
#pragma once

#include <leat/internal/cli/console.hpp>
#include <leat/internal/cli/run_settings.hpp>

namespace leat {

/// Whether this process was started by a supervisor. From the first call on it ends soon after that
/// one has ended.
bool is_supervised();

/// Runs this program as a child, again after each signal that has killed it, as often as --restart
/// allows. SIGINT and SIGTERM are passed on. Returns what the last child ended with.
exit_code supervise(const run_settings& settings, const console& to);

} // namespace leat
