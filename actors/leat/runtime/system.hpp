// The actor system that a job runs in, and its clock.
#pragma once

#include <leat/runtime/job.hpp>

#include <caf/all.hpp>

namespace leat {

/// The clock of real runs: that of the host since its start, so the same for all its processes.
class steady_clock final : public clock {
public:
  clock_time now() const override;
};

/// Sets what a job wants of CAF.
caf::actor_system_config& configure(caf::actor_system_config& config, const run_options& options);

} // namespace leat
