#include <leat/internal/cluster/network.hpp>

#include <leat/internal/cluster/tls_scribe.hpp>

#include <caf/io/all.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <set>

namespace leat {

namespace {

// Under this number CAF keeps what is published: there is no port.
constexpr std::uint16_t not_a_port = 1;

// The actor that speaks CAF's protocol on all connections. middleman::publish and remote_actor
// would give it connections of their own.
caf::actor broker_of(caf::actor_system& system) {
  return system.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
}

caf::io::scribe_ptr scribe_of(caf::actor_system& system, connection link) {
  auto& backend = system.middleman().backend();
  if (auto* const local = std::get_if<owned_socket>(&link))
    return backend.new_scribe(local->release());
  return make_tls_scribe(dynamic_cast<caf::io::network::default_multiplexer&>(backend),
                         std::get<tls_link>(std::move(link)));
}

} // namespace

void publish(const caf::actor& whom, connection link) {
  caf::actor_system& system = whom.home_system();
  caf::anon_send(broker_of(system), caf::publish_atom::value, scribe_of(system, std::move(link)),
                 not_a_port, caf::actor_cast<caf::strong_actor_ptr>(whom), std::set<std::string>{});
}

result<caf::actor> dial(caf::actor_system& system, connection link) {
  caf::scoped_actor self(system);
  caf::actor found;
  std::string why = "there is no such process";
  self->request(broker_of(system), caf::infinite, caf::connect_atom::value,
                scribe_of(system, std::move(link)), not_a_port)
      .receive([&](const caf::node_id&, const caf::strong_actor_ptr& whom,
                   const std::set<std::string>&) { found = caf::actor_cast<caf::actor>(whom); },
               [&](const caf::error& e) { why = system.render(e); });
  if (!found)
    return external_error("another process of the cluster cannot be reached: " + why);
  return found;
}

// The broker answers behind all that was sent before.
void settle(caf::actor_system& system) {
  system.await_all_actors_done();
  caf::scoped_actor self(system);
  self->request(broker_of(system), caf::infinite, caf::get_atom::value, caf::node_id{})
      .receive([](const caf::node_id&, const std::string&, std::uint16_t) {},
               [](const caf::error&) {});
}

} // namespace leat
