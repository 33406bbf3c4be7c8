// What is said of a job at its end.
#pragma once

#include <leat/internal/cli/columns.hpp>
#include <leat/job.hpp>

namespace leat {

/// The metrics of a job that has ended, a row each. `dead_letter_file` is named if there are any.
text_rows summary_of(const job_metrics& r, std::string_view dead_letter_file);

} // namespace leat
