#include <leat/composition.hpp>

#include <leat/detail/runtime/protocol_violation.hpp>
#include <leat/detail/stage/batching_stage.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

using support::item;
using support::numbered;

namespace {

struct doubling : leat::stage_actor<item, item> {
  doubling(caf::actor_config& config, leat::actor_context at, std::int64_t value)
      : stage_actor(config, std::move(at)), value_(value) {}
  void process(const item& i, leat::emitter<item>& out) {
    out({i.key, i.number, value_});
    out({i.key, i.number, value_ + 1});
  }
  std::int64_t value_;
};

struct stuck : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  void process(const item&, leat::emitter<item>&) { pause(); }
};

// An actor that speaks the protocol, but badly: it sends without credit.
caf::behavior greedy(caf::event_based_actor* self) {
  auto consumer = std::make_shared<leat::wire_message::consumer>();
  return {
      [=](const leat::wire_message& m) {
        *consumer = m.ports[0][0];
        self->send(m.job, leat::ready_message{m.number});
      },
      [=](const leat::start_message&) {
        for (int n = 0; n < 1000; ++n)
          self->send(consumer->to,
                     leat::deliver_message{consumer->channel, support::frame_of(numbered(100))});
      },
  };
}

// Another that never grants anything back but too much.
caf::behavior generous(caf::event_based_actor* self) {
  auto producer = std::make_shared<leat::wire_message::producer>();
  return {
      [=](const leat::wire_message& m) {
        *producer = m.channels[0];
        self->send(m.job, leat::ready_message{m.number});
      },
      [=](const leat::deliver_message&) {
        self->send(producer->from,
                   leat::grant_message{producer->port, producer->lane, {100, 1'000'000, 1}});
      },
  };
}

} // namespace

TEST_CASE("a graph composed by hand: forks get all, merges are in stamp order") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::vector<item> got, copy;
  const auto items = leat::spawn_source(system, "items", support::given<item>{numbered(20'000)});
  const auto first = leat::spawn_actor<doubling>(system, "first", std::int64_t{0});
  const auto second = leat::spawn_actor<doubling>(system, "second", std::int64_t{2});
  const auto pane = leat::spawn_stage<item, item>(
      system, "pane", [](leat::fanout to) -> std::unique_ptr<leat::stage> {
        return std::make_unique<leat::batching_stage>(
            leat::record_type_of<item>, leat::micro_batch{64, std::chrono::milliseconds{1}},
            std::move(to));
      });
  const auto out = leat::spawn_sink<item>(system, "out", support::keep<item>{&got});
  const auto copies = leat::spawn_sink<item>(system, "copies", support::keep<item>{&copy});
  leat::composition all;
  all.connect(items, first);
  all.connect(items, second);
  all.connect(first, pane);
  all.connect(second, pane);
  all.connect(pane, out);
  all.connect(first, copies);
  const auto ended = all.run(system);
  REQUIRE(static_cast<bool>(ended));

  CHECK(copy.size() == 40'000);
  REQUIRE(got.size() == 80'000);
  bool in_order = true;
  for (std::size_t i = 0; i < got.size(); ++i)
    in_order = in_order && got[i].number == static_cast<std::int64_t>(i / 4);
  CHECK(in_order);
}

TEST_CASE("a composition that is not whole, or is run twice, says so") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::vector<item> got;
  const auto items = leat::spawn_source(system, "items", support::given<item>{numbered(10)});
  const auto own = leat::spawn_actor<doubling>(system, "own", std::int64_t{0});
  const auto out = leat::spawn_sink<item>(system, "out", support::keep<item>{&got});

  leat::composition none;
  CHECK(none.run(system).error().what == "nothing is connected");
  leat::composition no_end;
  no_end.connect(items, own);
  CHECK(no_end.run(system).error().what == "stage \"own\" leads nowhere");
  leat::composition no_start;
  no_start.connect(own, out);
  CHECK(no_start.run(system).error().what == "stage \"own\" has no input");

  leat::composition circle;
  const auto other = leat::spawn_actor<doubling>(system, "other", std::int64_t{0});
  circle.connect(items, own), circle.connect(own, other), circle.connect(other, own);
  circle.connect(own, out);
  CHECK(circle.run(system).error().what == "stages feed each other in a circle");
  caf::actor_system_config elsewhere_config;
  caf::actor_system elsewhere{elsewhere_config};

  leat::composition whole;
  whole.connect(items, own);
  whole.connect(own, out);
  CHECK(whole.run(elsewhere).error().what == "stage \"items\" lives in another actor system");
  REQUIRE(static_cast<bool>(whole.run(system)));
  CHECK(got.size() == 20);
  leat::composition again;
  again.connect(items, out);
  const auto ended = again.run(system);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().what.find("its actor ended before its stream did") == 0);
}

TEST_CASE("an actor that does not keep to the protocol is named by those it speaks to") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::vector<item> got;
  {
    const leat::lone_stage<leat::nothing, item> bad{"bad", system.spawn(greedy)};
    const auto slow = leat::spawn_actor<stuck>(system, "slow");
    const auto out = leat::spawn_sink<item>(system, "out", support::keep<item>{&got});
    leat::composition all;
    all.connect(bad, slow);
    all.connect(slow, out);
    const auto ended = all.run(system);
    REQUIRE_FALSE(ended);
    CHECK(ended.error().stage == "slow");
    CHECK(ended.error().what == "a frame came on channel 0 that was not paid for");
    CHECK(ended.error().hint.find("does not keep to the protocol") != std::string::npos);
  }
  {
    const auto items = leat::spawn_source(system, "items", support::given<item>{numbered(100'000)});
    const leat::lone_stage<item, leat::nothing> bad{"bad", system.spawn(generous)};
    leat::composition all;
    all.connect(items, bad);
    const auto ended = all.run(system);
    REQUIRE_FALSE(ended);
    CHECK(ended.error().stage == "items");
    CHECK(ended.error().what == "more credit came back than was spent");
  }
}
