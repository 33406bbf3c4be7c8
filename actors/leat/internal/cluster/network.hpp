// Reaching another node of the cluster over a connection that leads there and nowhere else. CAF's
// parser believes what it reads, so it gets a connection only when both ends know each other.
#pragma once

#include <leat/internal/cluster/worker_group.hpp>

#include <caf/all.hpp>

namespace leat {

/// Whoever is at the other end of this connection reaches the actor by dial(). One actor for all
/// connections of a node.
void publish(const caf::actor& whom, connection link);

/// Reaches what is published at the other end. Waits until the other end is there or closed.
result<caf::actor> dial(caf::actor_system& system, connection link);

/// Waits until all actors have ended and what they sent has left. To be called before an actor
/// system with a network ends: it forgets to free what its network has not sent by then, and waits
/// for ever if the sender of that had a thread of its own.
void settle(caf::actor_system& system);

} // namespace leat
