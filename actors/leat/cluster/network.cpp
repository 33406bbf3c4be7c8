#include <leat/cluster/network.hpp>

#include <caf/io/all.hpp>
#include <fmt/format.h>
#include <set>

namespace leat {

namespace {
constexpr std::chrono::seconds patience{5};
constexpr int most_tries = 3; // a heartbeat may have broken the handshake
} // namespace

result<std::uint16_t> publish(const caf::actor& whom) {
  const auto port = whom.home_system().middleman().publish(whom, 0, loopback);
  if (!port)
    return external_error("no port of " + std::string(loopback) + " can be listened to",
                          to_string(port.error()));
  return *port;
}

// middleman::remote_actor would wait for a mute listener for ever.
result<caf::actor> dial(caf::actor_system& system, std::uint16_t port) {
  caf::scoped_actor self(system);
  caf::actor found;
  std::string why;
  for (int tries = 0; tries < most_tries && !found; ++tries)
    self->request(system.middleman().actor_handle(), patience, caf::connect_atom::value,
                  std::string(loopback), port)
        .receive([&](const caf::node_id&, const caf::strong_actor_ptr& whom,
                     const std::set<std::string>&) { found = caf::actor_cast<caf::actor>(whom); },
                 [&](const caf::error& e) { why = system.render(e); });
  if (!found)
    return external_error(fmt::format("{}:{} cannot be reached: {}", loopback, port, why));
  return found;
}

} // namespace leat
