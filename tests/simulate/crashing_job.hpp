// A random graph whose processes crash, sleep while another one takes over, are stopped, and have a
// disk that fails, and may go on with other numbers of subtasks, and whether what it publishes in
// the end, dead letters included, is what the reference gives, once, and it has counted what an
// undisturbed run counts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>

namespace simulate {

/// What the runs are to come to.
enum class moment {
  crash_at_step,
  crash_at_operation,
  crash_in_claim,
  crash_in_restore,
  crash_in_state,
  crash_in_slot,
  crash_in_removal,
  crash_before_first_checkpoint,
  crash_under_way,
  crash_before_commit,
  records_held,
  records_spilled,
  restored,
  rescaled,
  completed,
  commit_repeated,
  letters,
  letter_repeated,
  checkpoint_given_up,
  job_failed,
  stopped,
  swapped,
  slept,
  fenced,
};

inline constexpr std::array moment_names{
    "crash at a step",
    "crash at an operation of the disk",
    "crash while the folder is claimed",
    "crash while states are read",
    "crash while a state is written",
    "crash while a slot of the log is taken",
    "crash while old checkpoints are removed",
    "crash after a restore, before the first checkpoint",
    "crash while a checkpoint is under way",
    "crash between a manifest and its commits",
    "records held by a merge while a checkpoint is under way",
    "crash after records of a pane were put into a file",
    "start from a checkpoint",
    "start with other numbers of subtasks",
    "checkpoint completed",
    "commit repeated",
    "dead letters",
    "dead letter repeated",
    "checkpoint given up",
    "job failed by its disk",
    "job stopped with a checkpoint",
    "batching swapped",
    "process slept while another one ran",
    "process fenced",
};

struct reached {
  std::array<std::uint64_t, moment_names.size()> times{};
  std::uint64_t attempts = 0;
  std::uint64_t steps = 0;
  std::unordered_set<std::uint64_t> orders; ///< of events, of whole attempts

  std::uint64_t& operator[](moment m) { return times[static_cast<std::size_t>(m)]; }
};

/// What is wrong with the job of this seed, or nothing.
std::optional<std::string> wrong_with(std::uint64_t seed, reached& count);

} // namespace simulate
