#include <leat/detail/stage/batching_stage.hpp>
#include <leat/testing/harness.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/hosted.hpp"

using leat::any_batching;
using support::at;
using support::item;
using namespace std::chrono_literals;
using leat::testing::elapse;
using leat::testing::idle;
using leat::testing::options;
using input = leat::testing::input<item>;

namespace {

auto batching(any_batching g) {
  return [g](leat::fanout to) -> std::unique_ptr<leat::stage> {
    return std::make_unique<leat::batching_stage>(leat::record_type_of<item>, g, std::move(to));
  };
}

leat::barrier swap_to(any_batching g) { return {1, {{"stage", leat::batching_verb, g.text()}}}; }

// Where panes end, by the words of batching.hpp.
std::vector<std::size_t> naive_panes(any_batching g, const std::vector<input>& all) {
  std::vector<std::size_t> ends;
  std::size_t taken = 0, held = 0;
  leat::clock_time now = 1'000'000'000, deadline = 0;
  const auto close = [&] {
    if (held > 0)
      ends.push_back(taken);
    held = 0;
  };
  for (const input& one : all) {
    if (std::holds_alternative<item>(one)) {
      ++taken;
      if (held++ == 0)
        deadline = g.aligned() ? (now / g.delay().count() + 1) * g.delay().count()
                               : now + g.delay().count();
      if (held == g.count())
        close();
    } else if (const auto* e = std::get_if<elapse>(&one)) {
      now += e->time.count();
      if (g.delay().count() > 0 && now >= deadline)
        close();
    } else if (const auto* b = std::get_if<leat::barrier>(&one)) {
      close();
      for (const leat::command& c : b->commands)
        g = *any_batching::parse(c.payload);
    }
  }
  close();
  return ends;
}

any_batching some_batching(support::dice& roll) {
  const auto count = roll.size(2, 12);
  const std::chrono::nanoseconds delay{roll.one_of({1, 500, 2000}) * 1us};
  switch (roll(0, 4)) {
  case 0:
    return leat::record_at_a_time{};
  case 1:
    return leat::batch{};
  case 2:
    return leat::every{delay, count};
  default:
    return leat::micro_batch{count, delay};
  }
}

} // namespace

TEST_CASE("panes are those that the batching names, whatever the frames, credit, time and swaps") {
  support::for_seeds(200, [](support::dice roll) {
    const any_batching first = some_batching(roll);
    std::vector<input> all;
    std::vector<item> records;
    std::size_t swaps = 0;
    for (int steps = roll(0, 120); steps > 0; --steps) {
      const auto n = static_cast<std::int64_t>(records.size());
      switch (roll(0, 12)) {
      case 0:
        all.push_back(elapse{roll(1, 3000) * 1us});
        break;
      case 1:
        all.push_back(idle{});
        break;
      case 2:
        if (n > 0)
          all.push_back(
              leat::mark{leat::testing::stamp_of(static_cast<std::uint64_t>(n)), false, false});
        break;
      case 3:
        if (roll(0, 3) == 0) {
          all.push_back(swap_to(some_batching(roll)));
          ++swaps;
        }
        break;
      default:
        records.push_back({0, n, 0});
        all.push_back(records.back());
      }
    }
    const options how{.most_in_frame = roll.size(1, 30),
                      .random_cuts = true,
                      .credit_limit =
                          roll.one_of({leat::credit{1, 1, 1}, leat::credit{3, 9, 10'000},
                                       options{}.credit_limit}),
                      .crowd = roll.coin()};
    const auto got = leat::testing::run_stage<item, item>(batching(first), all, how);
    REQUIRE(got.records == records);
    REQUIRE(got.panes == naive_panes(first, all));
    REQUIRE(got.most_timers <= 1 + swaps);
    REQUIRE(got.marks.back().second == leat::end_mark);
  });
}

TEST_CASE("one timer is under way at a time") {
  std::vector<input> all;
  for (std::int64_t n = 0; n < 1000; ++n) {
    all.push_back(item{0, n, 0});
    all.push_back(elapse{100us});
  }
  for (const any_batching g :
       {any_batching(leat::micro_batch{3, 1ms}), any_batching(leat::every{1ms})})
    CHECK(leat::testing::run_stage<item, item>(batching(g), all).most_timers == 1);
  for (const any_batching g : {any_batching(leat::record_at_a_time{}), any_batching(leat::batch{})})
    CHECK(leat::testing::run_stage<item, item>(batching(g), all).most_timers == 0);
}

TEST_CASE("after a swap to a shorter delay panes close after that") {
  const std::vector<input> all{item{0, 0, 0}, swap_to(leat::micro_batch{100, 1ms}),
                               item{0, 1, 0}, elapse{2ms},
                               item{0, 2, 0}, elapse{1h}};
  const auto got = leat::testing::run_stage<item, item>(batching(leat::every{1h}), all);
  CHECK(got.panes == std::vector<std::size_t>{1, 2, 3});
}

TEST_CASE("no pane is larger than count, however large the frames are") {
  for (const std::size_t count : {100U, 1000U, 1024U, 1025U, 2000U, 3000U, 5000U}) {
    INFO(count);
    std::vector<input> all;
    for (const item& i : support::numbered(7000))
      all.push_back(i);
    for (const std::size_t frame : {1U, 999U, 3000U, 7000U}) {
      const auto got = leat::testing::run_stage<item, item>(batching(leat::micro_batch{count, 1s}),
                                                            all, {.most_in_frame = frame});
      CHECK(got.records.size() == 7000);
      CHECK(got.panes == naive_panes(leat::micro_batch{count, 1s}, all));
    }
  }
}

TEST_CASE("records of several frames in pieces, as a merge brings them") {
  for (const any_batching g :
       {any_batching(leat::every{1s, std::numeric_limits<std::size_t>::max()}),
        any_batching(leat::batch{}), any_batching(leat::micro_batch{7, 1s})}) {
    support::hosted h;
    REQUIRE(h.open(batching(g)(support::into_port<item>())));
    std::vector<item> a, b, wanted;
    for (std::int64_t n = 0; n < 60; ++n)
      a.push_back({0, n, 0}), b.push_back({1, n, 0});
    std::vector<leat::stamp> stamps;
    for (std::uint64_t n = 1; n <= 60; ++n)
      stamps.push_back(at(1, n));
    leat::frame of_a = support::frame_of(a, stamps), of_b = support::frame_of(b, stamps);
    std::size_t next_a = 0, next_b = 0;
    const auto take = [&](leat::frame& f, std::size_t& next, std::size_t length) {
      const auto& from = &f == &of_a ? a : b;
      for (std::size_t i = next; i < next + length; ++i)
        wanted.push_back(from[i]);
      h.stage->consume(0, f, next, next + length);
    };
    take(of_a, next_a, 50);
    take(of_b, next_b, 40);
    REQUIRE(h.stage->at_barrier({})); // nothing is held, and both frames are half read
    take(of_a, next_a, 2);
    take(of_b, next_b, 15);
    take(of_a, next_a, 8);
    take(of_b, next_b, 5);
    h.finish();
    CHECK(h.sent<item>() == wanted);
    CHECK(h.in_order());
  }
}

TEST_CASE("stamps that come late are raised, however the batching gathers") {
  support::for_seeds(200, [](support::dice roll) {
    support::hosted h;
    REQUIRE(h.open(batching(some_batching(roll))(support::into_port<item>())));
    std::vector<item> wanted;
    for (int turn = 1; turn < 30; ++turn) {
      const int first = roll(1, 40); // of a channel that may have been idle
      if (roll(0, 4) == 0) {
        h.stage->advance(support::mark_at(at(first)));
      } else if (roll(0, 4) == 0) {
        REQUIRE(h.stage->at_barrier({}));
      } else {
        std::vector<leat::stamp> stamps;
        std::vector<item> items;
        for (int n = first, end = first + roll(1, 9); n < end; ++n)
          stamps.push_back(at(n)), items.push_back({0, turn, n});
        wanted.insert(wanted.end(), items.begin(), items.end());
        h.consume(support::frame_of(items, stamps));
      }
      h.flush();
    }
    h.finish();
    CHECK(h.sent<item>() == wanted);
    CHECK(h.in_order());
  });
}

TEST_CASE("a mark passes when the records before it have passed, and at once if none is held") {
  support::hosted h;
  REQUIRE(h.open(batching(leat::micro_batch{3, 1s})(support::into_port<item>())));
  const auto records = [](std::int64_t first, std::int64_t last) {
    std::vector<item> all;
    std::vector<leat::stamp> stamps;
    for (std::int64_t n = first; n <= last; ++n)
      all.push_back({0, n, 0}), stamps.push_back(at(n));
    return support::frame_of(all, stamps);
  };
  h.stage->advance(support::mark_at(at(0)));
  h.flush();
  CHECK(h.promised() == support::mark_at(at(0)));
  h.consume(records(1, 2));
  h.stage->advance(support::mark_at(at(2)));
  h.flush();
  CHECK(h.promised() == support::mark_at(at(0)));
  h.consume(records(3, 4)); // closes the first pane and opens another
  h.stage->advance(support::mark_at(at(4)));
  h.flush();
  CHECK(h.promised() == support::mark_at(leat::with_descendants(at(3)))); // all that has gone
  h.clock.time += 1'000'000'000;
  h.stage->wake();
  h.flush();
  CHECK(h.promised() == support::mark_at(leat::with_descendants(at(4))));
  CHECK(h.in_order());
  CHECK(h.sent<item>().size() == 4);
}

TEST_CASE("a barrier for another stage closes the pane and swaps nothing") {
  const leat::barrier other{1, {{"another", leat::batching_verb, "record"}}};
  const std::vector<input> all{item{0, 0, 0}, item{0, 1, 0}, other, item{0, 2, 0}, item{0, 3, 0}};
  const auto got = leat::testing::run_stage<item, item>(batching(leat::batch{}), all);
  CHECK(got.panes == std::vector<std::size_t>{2, 4});
  CHECK(got.barriers == std::vector<std::size_t>{2});
}

TEST_CASE("a stall before it closes the open pane where somebody behind merges, and there alone") {
  for (const bool stamped : {true, false}) {
    INFO(stamped);
    support::hosted h;
    h.edge.carried = {stamped, false};
    REQUIRE(h.open(batching(leat::batch{})(support::into_port<item>())));
    h.consume(support::items_from(1, 5));
    leat::mark m = support::mark_at(at(5));
    h.stage->advance(m);
    h.flush();
    CHECK(h.sent<item>().empty());
    m.stalled = true;
    h.stage->advance(m);
    h.flush();
    CHECK(h.sent<item>().size() == (stamped ? 5 : 0));
    h.finish();
    CHECK(h.sent<item>().size() == 5);
  }
}
