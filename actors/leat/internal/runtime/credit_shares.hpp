// How much credit each lane of a job gets, so that all that is on its way at a time is bounded
// whatever the parallelism.
#pragma once

#include <leat/internal/runtime/wiring.hpp>

namespace leat {

/// Sets the window of each lane, at both of its ends, and how large frames grow.
///
/// A few lanes into a subtask have the windows of the options; more share what those few have.
/// `nodes` is the node of each subtask; empty: all run in one process. What comes to a node from
/// all others may take options.node_buffer bytes, and so may what leaves it for them: where the
/// lanes between nodes could take more, all lanes into the stages they lead to get less of it, in
/// proportion, and smaller frames.
void share_credit(wired_job& w, const run_options& options,
                  const std::vector<std::size_t>& nodes = {});

/// The most bytes that a lane takes on its way: its window; a frame, by which it may overdraw; and
/// one that goes with a barrier or the end. A frame's last record may exceed that.
double most_bytes(const credit& window, const frame_limits& frames);

} // namespace leat
