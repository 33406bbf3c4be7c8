// What checkpoints cost a job with much state.
#pragma once

#include <cstdint>

namespace bench {

struct checkpoint_figures {
  double per_second = 0;       ///< records
  std::uint64_t completed = 0; ///< checkpoints
  double seconds = 0;          ///< that the longest took
  double mib = 0;              ///< of the largest
};

/// Records/s through a keyed stage with a sum for each of about a million keys; with a checkpoint
/// each second, or none.
checkpoint_figures keyed_with_checkpoints(std::uint64_t count, bool checkpoints);

/// How long the stage stands at a barrier to keep the sums of about a million keys, and how long it
/// takes to copy as many sums; in milliseconds.
struct pause_figures {
  double snapshot = 0;
  double copy = 0;
};
pause_figures pause_for_checkpoint();

} // namespace bench
