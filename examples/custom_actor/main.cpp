// A custom actor as a stage: orders pass a desk, which gets the price by messages, and requests it
// at the first order.   custom_actor run
#include <leat/actor.hpp>
#include <leat/connectors/console/print.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>

struct order {
  std::uint64_t amount = 0;
  static constexpr auto fields = leat::fields("order", leat::field("amount", &order::amount));
};
struct bill {
  std::uint64_t amount = 0;
  double total = 0;
  static constexpr auto fields = leat::fields("bill", leat::field("amount", &bill::amount),
                                              leat::field("total", &bill::total));
};

// [region actor]
// Any other actor of the program: answers each request with the price.
caf::behavior market() {
  return {[](std::string) { return 2.5; }};
}

struct desk : leat::stage_actor<order, bill> {
  desk(caf::actor_config& config, leat::actor_context at, caf::actor prices)
      : stage_actor(config, std::move(at)), market_(std::move(prices)) {}

  caf::behavior own_messages() override {
    return {[this](double price) { price_ = price; }};
  }
  void process(const order& o, leat::emitter<bill>& out) {
    if (price_ != 0)
      return out({o.amount, price_ * double(o.amount)});
    pause(); // until the answer is here; the order's bill follows then
    request(market_, caf::infinite, std::string("price")).then([this, o](double price) {
      price_ = price;
      emit({o.amount, price_ * double(o.amount)});
      unpause();
    });
  }
  caf::actor market_;
  double price_ = 0;
};
// [end]

int main(int argc, char** argv) {
  // [region system]
  caf::actor_system_config config;
  caf::actor_system system{config};
  leat::graph g{"custom_actor"};
  g.from("orders", leat::generate([](std::uint64_t n) { return order{n}; }, 5))
      .via("desk", leat::actor_in<desk>(system, system.spawn(market)))
      .to("bills", leat::print_sink{});
  return leat::run(std::move(g), argc, argv);
  // [end]
}
