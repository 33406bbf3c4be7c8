// Reaching another node of the cluster. Loopback only: a plain CAF port is not safe against
// strangers.
#pragma once

#include <leat/cluster/messages.hpp>

namespace leat {

inline constexpr const char* loopback = "127.0.0.1";

/// Lets other processes of this host reach an actor; returns the port.
result<std::uint16_t> publish(const caf::actor& whom);

/// Reaches what is published at a port of this host, within some seconds. Blocks.
result<caf::actor> dial(caf::actor_system& system, std::uint16_t port);

} // namespace leat
