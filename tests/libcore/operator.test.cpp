#include <leat/detail/stage/keyed_stage.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/hosted.hpp"

using support::at;
using support::item;

namespace {

// Even numbers go to the main output, odd ones to "odd", all to "all" twice.
struct sorting {
  using output_type = item;
  leat::side_output<item> odd, all;
  void open(leat::setup& setup) {
    odd = setup.side<item>("odd");
    all = setup.side<item>("all");
  }
  void process(const item& i, leat::emitter<item>& out, leat::context&) {
    if (i.number % 2 == 0)
      out(i);
    else
      odd(i);
    all(i);
    all(i);
  }
};

template <class Op, class KeyOf = decltype(support::key_of_item)>
std::unique_ptr<leat::stage> stage_of(Op op, const std::vector<std::string>& sides = {},
                                      KeyOf key = {}) {
  leat::side_ports ports;
  for (const std::string& name : sides)
    ports.emplace(name, std::make_unique<leat::side_port_of<item>>(support::into_port<item>()));
  return std::make_unique<leat::keyed_stage<item, KeyOf, Op>>(
      key, std::move(op), support::into_port<item>(), std::move(ports));
}

} // namespace

TEST_CASE("an operator without state keeps no keys") {
  struct passing {
    using output_type = item;
    void process(const item& i, leat::emitter<item>& out, leat::context&) { out(i); }
  };
  struct counted_key {
    std::size_t* asked;
    std::int64_t operator()(const item& i) const { return ++*asked, i.key; }
  };
  std::size_t asked = 0;
  support::hosted h;
  REQUIRE(static_cast<bool>(h.open(stage_of(passing{}, {}, counted_key{&asked}))));
  h.consume(support::items_from(1, 10, 10));
  h.finish();
  CHECK(h.sent<item>(0).size() == 10);
  CHECK(asked == 0);
}

TEST_CASE("side outputs under random credit: nothing lost, in order, and no mark overtakes") {
  support::for_seeds(200, [](support::dice roll) {
    support::hosted h;
    h.edge.credit_limit = {roll(1, 4), roll(1, 30), 1'000'000};
    h.edge.limits.records = roll.size(1, 10);
    REQUIRE(static_cast<bool>(h.open(stage_of(sorting{}, {"all", "odd"}))));
    std::int64_t next = 1;
    for (int steps = roll(0, 60); steps > 0; --steps) {
      const auto count = roll(1, 20);
      switch (roll(0, 4)) {
      case 0:
        h.flush();
        break;
      case 1:
        h.stage->advance(support::mark_at(at(next - 1)));
        h.unblock();
        break;
      default:
        h.consume(support::items_from(next, count, 3));
        next += count;
      }
    }
    h.finish();
    REQUIRE(h.in_order());
    std::vector<item> even, odd, all; // side outputs are ports 1 and 2, by name
    for (std::int64_t n = 1; n < next; ++n) {
      const item i{n % 3, n, 0};
      (n % 2 == 0 ? even : odd).push_back(i);
      all.insert(all.end(), 2, i);
    }
    REQUIRE(h.sent<item>(0) == even);
    REQUIRE(h.sent<item>(1) == all);
    REQUIRE(h.sent<item>(2) == odd);
    for (const std::size_t port : {0U, 1U, 2U})
      REQUIRE(h.promised(port) == leat::end_mark);
  });
}

TEST_CASE("an output that gets few records still passes marks on while there is work") {
  struct silent {
    using output_type = item;
    void process(const item&, leat::emitter<item>&, leat::context&) {}
  };
  support::hosted h;
  REQUIRE(h.open(stage_of(silent{})));
  for (std::int64_t n = 1; n <= 100; ++n) {
    h.consume(support::items_from(n, 1, 3));
    h.stage->advance(support::mark_at(at(n)));
  }
  CHECK(h.promised().progress >= at(90));
  CHECK(h.wire.all.size() < 50);
}

TEST_CASE("a side output that nobody reads swallows what is emitted") {
  support::hosted h;
  REQUIRE(h.open(stage_of(sorting{})));
  h.consume(support::items_from(1, 10, 3));
  h.finish();
  CHECK(h.sent<item>().size() == 5);
}

TEST_CASE("a side output that the operator does not have is refused, whoever asks") {
  support::hosted h;
  const auto opened = h.open(stage_of(sorting{}, {"odd", "missing", "all"}));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().what == "the operator has no side output \"missing\"");

  support::hosted without_open;
  struct plain {
    using output_type = item;
    void process(const item&, leat::emitter<item>&, leat::context&) {}
  };
  REQUIRE_FALSE(without_open.open(stage_of(plain{}, {"odd"})));

  support::hosted other_type;
  leat::side_ports sides;
  sides.emplace("odd", std::make_unique<leat::side_port_of<support::text_item>>(
                           support::into_port<support::text_item>()));
  auto stage = std::make_unique<leat::keyed_stage<item, decltype(support::key_of_item), sorting>>(
      support::key_of_item, sorting{}, support::into_port<item>(), std::move(sides));
  CHECK_THROWS_AS((void)other_type.open(std::move(stage)), leat::failure);
}

TEST_CASE("a user error makes a dead letter, any other error and any throw a fault") {
  struct strict {
    using output_type = item;
    leat::result<void> process(const item& i, leat::emitter<item>& out, leat::context&) {
      if (i.number == 3)
        return leat::user_error("three is not allowed");
      if (i.number == 7)
        return leat::external_error("the network is down");
      out(i);
      return {};
    }
  };
  support::hosted h;
  REQUIRE(h.open(stage_of(strict{})));
  h.consume(support::items_from(1, 5, 3));
  REQUIRE(h.letters.letters.size() == 1);
  CHECK(h.letters.letters[0].reason == "three is not allowed");
  CHECK(h.letters.letters[0].stage == "stage");
  CHECK(h.letters.letters[0].place == "split 0, record 1");
  CHECK(h.letters.letters[0].raw == R"({"key":0,"number":3,"value":0})");
  CHECK_THROWS_AS(h.consume(support::items_from(6, 5, 3)), leat::failure);
  h.flush();
  CHECK(h.sent<item>().size() == 5);
}

TEST_CASE("an event_context tells the record's stamp, and the watermark that follows from it") {
  struct curious {
    using output_type = item;
    void process(const item&, leat::emitter<item>& out, leat::event_context& ctx) {
      out({ctx.at().time.time_since_epoch().count(), ctx.watermark().time_since_epoch().count(),
           ctx.now().time_since_epoch().count()});
    }
  };
  const auto run = [](std::chrono::microseconds out_of_order, leat::frame f) {
    support::hosted h;
    h.services.out_of_order = out_of_order;
    REQUIRE(h.open(stage_of(curious{})));
    h.stage->advance(support::mark_at(at(4))); // marks come at frame cuts, so they do not count
    h.consume(std::move(f));
    h.finish();
    return h.sent<item>();
  };
  using std::chrono::microseconds;
  const std::int64_t now = support::set_clock{}.now() / 1000;
  CHECK(run(microseconds{3}, support::items_from(5, 2)) ==
        std::vector<item>{{5, 2, now}, {6, 3, now}});
  const auto begin = leat::begin_of_time.time_since_epoch().count();
  const leat::stamp untimed{leat::begin_of_time, 0, 0, 1, {}};
  CHECK(run(microseconds{3}, support::frame_of<item>({{}}, {untimed})) ==
        std::vector<item>{{begin, begin, now}});
}

TEST_CASE("an operator that forgot to set a state handle is told so") {
  struct forgetful {
    using output_type = item;
    leat::value_state<double> count;
    void process(const item&, leat::emitter<item>&, leat::context& ctx) { ctx.edit(count) += 1; }
  };
  support::hosted h;
  REQUIRE(h.open(stage_of(forgetful{})));
  try {
    h.consume(support::items_from(1, 1, 3));
    FAIL("no error");
  } catch (const leat::failure& e) {
    CHECK(e.error().domain == leat::error_domain::user);
    CHECK(e.error().what == "a state handle of type leat::value_state<double> was never set");
    CHECK(e.error().hint ==
          "assign it in the operator's open(): handle = setup.value<double>(\"name\")");
  }
}

TEST_CASE("a dead letter of an operator says where, also on an edge without stamps") {
  struct strict {
    using output_type = item;
    leat::result<void> process(const item& i, leat::emitter<item>&, leat::context&) {
      if (i.number % 4 == 3)
        return leat::user_error("no");
      return {};
    }
  };
  support::hosted h;
  h.services.subtask = 2;
  REQUIRE(h.open(stage_of(strict{})));
  h.consume(support::frame_of(support::numbered(5)));
  h.consume(support::frame_of(support::numbered(8)));
  REQUIRE(h.letters.letters.size() == 3);
  CHECK(h.letters.letters[0].place == "record 4 of the input of subtask 2");
  CHECK(h.letters.letters[1].place == "record 9 of the input of subtask 2");
  CHECK(h.letters.letters[2].place == "record 13 of the input of subtask 2");
}

TEST_CASE("each key has its own state, found by equality of keys") {
  struct counting {
    using output_type = item;
    leat::value_state<std::int64_t> count;
    void open(leat::setup& setup) { count = setup.value<std::int64_t>("count"); }
    void process(const item& i, leat::emitter<item>& out, leat::context& ctx) {
      out({i.key, i.number, ++ctx.edit(count)});
    }
  };
  const auto by_text = [](const item& i) {
    return std::tuple{std::string(static_cast<std::size_t>(i.key), 'x'),
                      i.key == 0 ? -0.0 : std::nan("")};
  };
  support::hosted h;
  REQUIRE(h.open(stage_of(counting{}, {}, by_text)));
  h.consume(support::items_from(0, 300, 3));
  h.finish();
  for (const item& i : h.sent<item>())
    CHECK(i.value == i.number / 3 + 1);
}
