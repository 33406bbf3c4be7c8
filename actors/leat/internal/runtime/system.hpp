// The actor system that a job runs in, and its clock.
#pragma once

#include <leat/job.hpp>

#include <caf/all.hpp>

namespace leat {

/// The clock of real runs: that of the host since its start, so the same for all its processes.
class steady_clock final : public clock {
public:
  clock_time now() const override;
  /// By the system's clock when it was first asked for in this process. Later changes of that clock
  /// change nothing.
  clock_time origin() const override;
};

/// How many threads run the actors of a job.
std::size_t workers_of(const run_options& options);

/// Sets what a job wants of CAF.
caf::actor_system_config& configure(caf::actor_system_config& config, const run_options& options);

/// Whether this process may start so many threads more. To be asked before an actor system is made:
/// that one does not survive a thread that cannot be started.
result<void> check_threads(std::size_t wanted);

/// How many threads a process takes with so many subtasks that have one of their own, with room for
/// those of sources.
std::size_t threads_of(std::size_t blocking, const run_options& options);

} // namespace leat
