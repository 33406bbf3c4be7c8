// Who holds a job up, from how long its edges were stalled.
#pragma once

#include <leat/job.hpp>

namespace leat {

/// An edge whose producers waited for credit during this share of a stretch of time.
struct stall {
  const edge_metrics* edge;
  double share;
};

/// The edges stalled for more than 1 % of the time between two reports of a job; the first may be
/// job_metrics{}, for the time since the start. Pointers lead into `now`. The front one's consumer
/// is who holds the job up; the others follow by share.
///
/// A slow stage stalls every edge on the way to it, the first as long as the last. So the culprit
/// is not behind the edge that stalled longest, but where stalling ends: its input stalled, its own
/// output did not.
std::vector<stall> stalls_between(const job_metrics& before, const job_metrics& now);

/// The stage that was busy for the largest share of that time, if it was for more than half of it.
/// Names who holds the job up where no edge stalls: what fits into the credit stalls nobody.
/// Nothing for stretches below a tenth of a second.
struct busy_stage {
  const stage_metrics* stage;
  double share;
};
std::optional<busy_stage> busiest_between(const job_metrics& before, const job_metrics& now);

} // namespace leat
