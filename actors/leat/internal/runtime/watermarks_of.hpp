// How far event time has come in a job, and what it waits for: from what subtasks have measured.
#pragma once

#include <leat/internal/runtime/wiring.hpp>

namespace leat {

/// Adds watermarks, inputs and splits to the stages of `to`, which are those of the plan.
void add_watermarks(job_metrics& to, const wired_job& w, const plan& p, clock_time now);

} // namespace leat
