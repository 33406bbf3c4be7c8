// A graph composed by hand: actors in the actor system of the program, connected one by one.
// They exchange the messages of the stage protocol.   by_hand
#include <leat/composition.hpp>
#include <leat/connectors/console/print.hpp>
#include <leat/connectors/memory/generate.hpp>

#include <fmt/format.h>

struct order {
  std::uint64_t amount = 0;
};
struct bill {
  std::uint64_t amount = 0;
  double total = 0;
  static constexpr auto fields = leat::fields("bill", leat::field("amount", &bill::amount),
                                              leat::field("total", &bill::total));
};

// [region actor]
struct desk : leat::stage_actor<order, bill> {
  using stage_actor::stage_actor;
  caf::behavior own_messages() override {
    return {[this](double price) { price_ = price; }};
  }
  void process(const order& o, leat::emitter<bill>& out) {
    out({o.amount, price_ * double(o.amount)});
  }
  double price_ = 1;
};
// [end]

int main() {
  // [region composition]
  caf::actor_system_config config;
  caf::actor_system system{config};
  const auto orders = leat::spawn_source(
      system, "orders", leat::generate([](std::uint64_t n) { return order{n}; }, 5));
  const auto priced = leat::spawn_actor<desk>(system, "desk");
  const auto bills = leat::spawn_sink<bill>(system, "bills", leat::print_sink{});
  caf::anon_send(priced.actor, 2.5); // one of its own messages

  leat::composition all;
  all.connect(orders, priced);
  all.connect(priced, bills);
  const leat::result<void> ended = all.run(system);
  // [end]
  if (!ended)
    fmt::print(stderr, "{}\n", leat::to_string(ended.error()));
  return ended ? 0 : 1;
}
