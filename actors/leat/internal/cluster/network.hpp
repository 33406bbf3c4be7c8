// Reaching another node of the cluster over a socket that leads there and nowhere else. CAF's
// parser believes what it reads, so no node listens for strangers.
#pragma once

#include <leat/error.hpp>

#include <caf/all.hpp>

namespace leat {

/// Whoever is at the other end of this connected socket reaches the actor by dial(). Takes the
/// socket. One actor for all sockets of a node.
void publish(const caf::actor& whom, int link);

/// Reaches what is published at the other end. Takes the socket; waits until the other end is there
/// or closed.
result<caf::actor> dial(caf::actor_system& system, int link);

/// Waits until all actors have ended and what they sent has left. To be called before an actor
/// system with a network ends: it forgets to free what its network has not sent by then, and waits
/// for ever if the sender of that had a thread of its own.
void settle(caf::actor_system& system);

} // namespace leat
