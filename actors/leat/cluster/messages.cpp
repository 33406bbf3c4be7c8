#include <leat/cluster/messages.hpp>

#include <caf/io/all.hpp>

namespace leat {

namespace {
// A heartbeat during a handshake breaks it, so they must not be much more frequent.
constexpr std::chrono::milliseconds between_heartbeats{500};
constexpr std::chrono::milliseconds silence{2000};
} // namespace

caf::actor_system_config& add_network(caf::actor_system_config& config) {
  add_messages(config)
      .add_message_type<hello_message>("leat::hello")
      .add_message_type<dial_message>("leat::dial")
      .add_message_type<dialled_message>("leat::dialled")
      .add_message_type<spawn_message>("leat::spawn")
      .add_message_type<spawned_message>("leat::spawned")
      .add_message_type<observe_message>("leat::observe")
      .add_message_type<leave_message>("leat::leave");
  config.load<caf::io::middleman>();
  config.set("middleman.heartbeat-interval", caf::timespan{between_heartbeats});
  config.set("middleman.connection-timeout", caf::timespan{silence});
  return config;
}

} // namespace leat
