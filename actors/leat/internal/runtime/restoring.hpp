// From a checkpoint back to subtasks: which states each goes on from.
#pragma once

#include <leat/internal/checkpoint/saved_checkpoint.hpp>
#include <leat/internal/runtime/wiring.hpp>

namespace leat {

/// Those of a folder of checkpoints.
inline subtask_folders subtask_folders_of(const std::string& folder) {
  return {folder + "/outputs", folder + "/letters", folder + "/poison"};
}

/// Whether a job can go on from this checkpoint. An error if it is that of other stages, unless
/// that is allowed: then those that it has not begin anew, and those that the job has not are
/// forgotten.
result<void> check_restorable(const manifest& from, const std::vector<planned_subtask>& subtasks,
                              bool allow_changed);

/// Whether a stage held records for a merge and has a single channel now, so that new records would
/// have no stamps to be compared with. Of all subtasks of the job.
bool needs_stamps(const manifest& from, const std::vector<planned_subtask>& subtasks);

/// Has each of these subtasks load what it goes on from when it is wired. `stamped`: stamps are
/// carried to all stages that take records in order. `files` outlives the subtasks.
void restore(const saved_checkpoint& from, bool stamped, file_system& files,
             std::vector<planned_subtask>& subtasks);

} // namespace leat
