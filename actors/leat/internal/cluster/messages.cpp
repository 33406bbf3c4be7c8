#include <leat/internal/cluster/messages.hpp>

#include <caf/io/all.hpp>

namespace leat {

// Without heartbeats: all processes are of one host, where one that ends closes its connections,
// and the coordinator sees which of them are stopped. One that gets no processor is not lost.
caf::actor_system_config& add_network(caf::actor_system_config& config) {
  add_messages(config)
      .add_message_type<greet_message>("leat::greet")
      .add_message_type<hello_message>("leat::hello")
      .add_message_type<spawn_message>("leat::spawn")
      .add_message_type<spawned_message>("leat::spawned")
      .add_message_type<observe_message>("leat::observe")
      .add_message_type<leave_message>("leat::leave");
  config.load<caf::io::middleman>();
  return config;
}

} // namespace leat
