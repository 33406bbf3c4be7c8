// A start of a job that has finished before.
#pragma once

#include <leat/job.hpp>

#include <string>
#include <vector>

namespace leat {

/// What there is to say instead of a run, a text each, if a job that goes on from its checkpoints
/// has finished and has published everything. Empty otherwise, and if the options say that it
/// begins anew.
std::vector<std::string> texts_if_finished(const plan& p, const run_options& options);

} // namespace leat
