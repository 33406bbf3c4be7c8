// Whether a job whose stages have all ended well may publish its outputs.
#pragma once

#include <leat/job.hpp>

namespace leat {

/// An error if there are too many dead letters, or if the program does not accept the run.
result<void> verdict(const job_metrics& r, const run_options& options);

} // namespace leat
