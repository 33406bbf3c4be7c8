// The files of a job, before it starts: none may destroy another, and what killed runs left is
// removed.
#pragma once

#include <leat/job.hpp>

namespace leat {

/// An error for each output that another output, or an input, has the file of. Paths are compared
/// by where they lead.
std::vector<error> colliding_files(const plan& p, const resolved_plan& resolved,
                                   const run_options& options);

/// Removes the temporary files of outputs that belong to no living process. Returns a sentence for
/// each.
std::vector<std::string> remove_leftovers(const plan& p, const resolved_plan& resolved,
                                          const run_options& options);

} // namespace leat
