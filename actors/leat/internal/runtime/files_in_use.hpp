// The files of a job, before it starts: none may destroy another, and what killed runs left is
// removed.
#pragma once

#include <leat/job.hpp>

namespace leat {

/// An error for each output that another output, or an input, has the file of, or a file in the
/// folder of. Paths are compared by where they lead. `here`: the stages that run on this host, all
/// of them if it is empty; of the others only shared files are looked at.
std::vector<error> colliding_files(const plan& p, const resolved_plan& resolved,
                                   const run_options& options, const std::vector<bool>& here);

/// Removes the temporary files of such outputs that belong to no living process; parts that wait
/// for their checkpoint are none. Returns a sentence for each.
std::vector<std::string> remove_leftovers(const plan& p, const resolved_plan& resolved,
                                          const run_options& options,
                                          const std::vector<bool>& here);

} // namespace leat
