// What a job waits for that does not get on.
#pragma once

#include <leat/job.hpp>

namespace leat {

/// The stage whose actor has been paused for longest; null if none has for a second.
const stage_metrics* longest_paused(const job_metrics& r);

/// The first stage, seen from the sources, whose stream has not ended; null if all have. A job that
/// stops waits for this one.
const stage_metrics* first_running(const job_metrics& r);

} // namespace leat
