#include <leat/internal/cluster/messages.hpp>

#include <caf/io/all.hpp>

namespace leat {

// Messages are taken apart by the thread of the network: in the pool, which is CAF's way, none
// would come while all threads that run stages wait, for room for dead letters for example.
//
// Without heartbeats: all processes are of one host, where one that ends closes its connections,
// and the coordinator sees which of them are stopped. One that gets no processor is not lost.
caf::actor_system_config& add_network(caf::actor_system_config& config) {
  add_messages(config)
      .add_message_type<greet_message>("leat::greet")
      .add_message_type<hello_message>("leat::hello")
      .add_message_type<alive_message>("leat::alive")
      .add_message_type<spawn_message>("leat::spawn")
      .add_message_type<spawned_message>("leat::spawned")
      .add_message_type<observe_message>("leat::observe")
      .add_message_type<letter_message>("leat::letter")
      .add_message_type<letter_answer_message>("leat::letter_answer")
      .add_message_type<leave_message>("leat::leave");
  config.load<caf::io::middleman>();
  config.set("middleman.workers", std::size_t{0});
  return config;
}

} // namespace leat
