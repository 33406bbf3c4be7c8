#include <leat/detail/transport/port.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"

#include <deque>

using support::at;
using support::item;

namespace {

struct open_port {
  support::set_clock clock;
  support::kept_frames wire;
  leat::port port{leat::record_type_of<item>};

  explicit open_port(std::size_t lanes, leat::credit window, std::size_t frame = 4) {
    leat::edge_settings s;
    s.lanes = lanes;
    s.carried = leat::all_columns;
    s.credit_limit = window;
    s.limits.records = frame;
    port.connect(wire, 3, s, clock);
  }
  bool push(std::size_t lane, std::int64_t number) {
    return port.push<item>(lane, item{0, number, 0},
                           leat::envelope{.at = at(number), .ingested = number});
  }
};

constexpr leat::credit plenty{1000, 1000, 1'000'000};

} // namespace

TEST_CASE("a frame goes when it is full or flushed, and a promise behind it when flushed") {
  open_port p(1, plenty);
  for (int n = 1; n <= 3; ++n)
    CHECK(p.push(0, n));
  CHECK(p.wire.all.empty());
  p.port.advance(support::mark_at(at(3)));
  CHECK(p.wire.all.empty());
  CHECK(p.push(0, 4));
  REQUIRE(p.wire.all.size() == 1);
  CHECK(p.wire.all[0].port == 3);
  CHECK(p.wire.all[0].content.size() == 4);
  p.port.flush();
  REQUIRE(p.wire.all.size() == 2);
  CHECK(p.wire.all[1].marked == support::mark_at(at(3)));
  p.port.flush(); // nothing new
  CHECK(p.wire.all.size() == 2);
  p.push(0, 5);
  p.port.advance(support::mark_at(at(5)));
  p.port.flush();
  REQUIRE(p.wire.all.size() == 4);
  CHECK(p.wire.all[2].content.size() == 1);
  CHECK(p.wire.all[3].marked == support::mark_at(at(5)));
}

TEST_CASE("a promise stands behind frames that wait for credit, on their lane alone") {
  open_port p(2, {1, 100, 100'000}, 2);
  for (int n = 1; n <= 5; ++n)
    p.push(0, n); // one frame goes, one waits, one is open
  REQUIRE(p.port.blocked());
  p.port.passed(at(5));
  p.port.stall();
  const leat::mark stalled{at(5), false, true};
  REQUIRE(p.wire.all.size() == 2);
  CHECK(p.wire.all[1].lane == 1);
  CHECK(p.wire.all[1].marked == stalled);
  p.port.grant(0, {1, 0, 0}); // the one that waited goes
  CHECK(p.wire.all.size() == 3);
  p.port.grant(0, {1, 0, 0});
  p.port.flush();
  REQUIRE(p.wire.all.size() == 5);
  CHECK(p.wire.all[3].content.size() == 1);
  CHECK(p.wire.all[4].lane == 0);
  CHECK(p.wire.all[4].marked == stalled);
}

TEST_CASE("a sender that was idle says with its next frame that it no longer is") {
  open_port p(1, plenty);
  p.port.advance(support::mark_at(at(3), true));
  p.port.flush();
  p.push(0, 4);
  p.port.flush();
  p.port.advance(support::mark_at(at(4), true));
  p.port.flush();
  REQUIRE(p.wire.all.size() == 4);
  CHECK(p.wire.all[0].marked == support::mark_at(at(3), true));
  CHECK(p.wire.all[1].content.size() == 1);
  CHECK(p.wire.all[2].marked == support::mark_at(at(3)));
  CHECK(p.wire.all[3].marked == support::mark_at(at(4), true));
}

TEST_CASE("an event needs no credit, goes to all lanes, and takes open frames along") {
  open_port p(3, {1, 1, 1});
  p.push(1, 1);
  p.port.send_event(std::make_shared<leat::barrier>(leat::barrier{7, {}}), false);
  REQUIRE(p.wire.all.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(p.wire.all[i].lane == i);
    CHECK(p.wire.all[i].content.barrier_at->epoch == 7);
    CHECK(p.wire.all[i].content.size() == (i == 1 ? 1 : 0));
    CHECK_FALSE(p.wire.all[i].content.last);
  }
  p.port.send_event(nullptr, true);
  REQUIRE(p.wire.all.size() == 9);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(p.wire.all[3 + i].content.last);
    CHECK(p.wire.all[6 + i].marked == leat::end_mark);
  }
}

TEST_CASE("without credit a whole frame waits and the port is blocked until credit comes") {
  open_port p(2, {1, 100, 100'000}, 2);
  CHECK(p.push(0, 1));
  CHECK(p.push(0, 2)); // sent
  CHECK(p.push(0, 3));
  p.clock.time += 100;
  CHECK_FALSE(p.push(0, 4)); // waits
  CHECK(p.port.blocked());
  CHECK(p.wire.all.size() == 1);
  p.clock.time += 50;
  std::atomic<leat::clock_time> total{0}, since{0};
  p.port.measure(total, since);
  CHECK(total == 0);
  CHECK(since == p.clock.time - 50);
  p.port.grant(1, {5, 5, 5}); // another lane
  CHECK(p.port.blocked());
  p.port.grant(0, {1, 0, 0});
  CHECK_FALSE(p.port.blocked());
  REQUIRE(p.wire.all.size() == 2);
  CHECK(p.wire.all[1].content.size() == 2);
  p.port.measure(total, since);
  CHECK(total == 50);
  CHECK(since == 0);
}

TEST_CASE("what is sent to a consumer that wants no more is let go") {
  open_port p(2, {1, 1, 1}, 1);
  p.push(0, 1);
  p.push(0, 2);
  CHECK(p.port.blocked());
  p.port.cancel(0);
  CHECK_FALSE(p.port.blocked());
  CHECK_FALSE(p.port.cancelled());
  CHECK(p.push(0, 3));
  CHECK(p.push(1, 4));
  CHECK(p.wire.all.size() == 2);
  CHECK(p.wire.all[1].lane == 1);
  p.port.cancel(1);
  p.port.cancel(1);
  CHECK(p.port.cancelled());
  p.port.send_event(nullptr, true); // it still has to end
  CHECK(p.wire.all.size() == 6);    // and to promise that nothing follows
}

TEST_CASE("under random credit nothing is lost, reordered, overtaken or overdrawn") {
  support::for_seeds(200, [](support::dice roll) {
    const auto lanes = roll.size(1, 4);
    const leat::credit window{roll(1, 5), roll(1, 20), roll(1, 1000)};
    open_port p(lanes, window, roll.size(1, 9));
    std::vector<std::vector<std::int64_t>> wanted(lanes), got(lanes);
    std::vector<leat::stamp> promised(lanes);
    std::vector<std::deque<leat::credit>> in_flight(lanes);
    std::vector<leat::credit> out(lanes);
    std::size_t seen = 0;

    const auto look = [&] {
      for (; seen < p.wire.all.size(); ++seen) {
        const auto& sent = p.wire.all[seen];
        const auto lane = sent.lane;
        for (std::size_t i = 0; i < sent.content.size(); ++i) {
          REQUIRE(sent.content.records->envelopes.stamp_of(i) > promised[lane]);
          got[lane].push_back(sent.content.as<item>()[i].number);
        }
        if (sent.marked) {
          REQUIRE(sent.marked->progress >= promised[lane]);
          promised[lane] = sent.marked->progress;
          continue;
        }
        if (sent.content.size() == 0)
          continue;
        const leat::credit& o = out[lane];
        const bool event = sent.content.last || sent.content.barrier_at;
        REQUIRE((event || (o.frames < window.frames && o.records < window.records &&
                           o.bytes < window.bytes)));
        out[lane] += sent.content.cost();
        in_flight[lane].push_back(sent.content.cost());
      }
    };
    const auto give_back = [&](std::size_t lane) {
      if (in_flight[lane].empty())
        return;
      const leat::credit c = in_flight[lane].front();
      in_flight[lane].pop_front();
      out[lane] -= c;
      p.port.grant(lane, c);
    };

    std::int64_t number = 0;
    for (int steps = roll(0, 200); steps > 0; --steps) {
      const auto what = roll(0, 12);
      const auto lane = roll.size(0, lanes);
      if (what < 7) {
        if (p.port.blocked())
          continue;
        wanted[lane].push_back(++number);
        const bool go_on = p.push(lane, number);
        REQUIRE(go_on == !p.port.blocked());
      } else if (what == 7 && !p.port.blocked()) {
        p.port.advance(support::mark_at(at(number)));
      } else if (what == 8) {
        p.port.flush();
      } else if (what == 9 && !p.port.blocked() && steps % 7 == 0) {
        p.port.send_event(std::make_shared<leat::barrier>(), false);
      } else {
        give_back(lane);
      }
      look();
    }
    while (p.port.blocked()) {
      for (std::size_t lane = 0; lane < lanes; ++lane)
        give_back(lane);
      look();
    }
    p.port.send_event(nullptr, true);
    look();
    REQUIRE(got == wanted);
  });
}
