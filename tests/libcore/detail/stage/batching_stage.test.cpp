#include <leat/detail/stage/batching_stage.hpp>

#include <leat/detail/transport/frame_codec.hpp>
#include <leat/testing/harness.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/hosted.hpp"
#include "support/scratch.hpp"

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

// --- more than the memory for a pane ----------------------------------------------------------

namespace {

using support::text_item;

struct no_codec {
  std::int64_t number = 0;
};

template <class T>
auto bounded(any_batching g) {
  return std::make_unique<leat::batching_stage>(leat::record_type_of<T>, g, support::into_port<T>(),
                                                leat::row_codec_of<T>());
}

// Promises, by how many records stood before them.
std::vector<std::pair<std::size_t, leat::stamp>> promises(const support::hosted& h) {
  std::vector<std::pair<std::size_t, leat::stamp>> all;
  std::size_t records = 0;
  for (const auto& s : h.wire.all) {
    records += s.content.size();
    if (s.marked)
      all.emplace_back(records, s.marked->progress);
  }
  return all;
}

// Where the panes of what was sent end.
std::vector<std::size_t> ends_of(const support::hosted& h) {
  std::vector<std::size_t> all;
  std::size_t records = 0;
  for (const auto& s : h.wire.all) {
    for (std::size_t i = 0; s.content.panes.ones && i < s.content.size(); ++i)
      all.push_back(records + i + 1);
    for (const std::uint32_t end : s.content.panes.ends)
      all.push_back(records + end);
    records += s.content.size();
  }
  return all;
}

} // namespace

TEST_CASE("that a sender is idle or stalled is passed on, behind the pane before it") {
  support::hosted h;
  REQUIRE(h.open(batching(leat::batch{})(support::into_port<item>())));
  h.stage->advance({at(5), true, false});
  h.flush();
  CHECK(h.promised() == leat::mark{at(5), true, false});
  h.consume(support::items_from(6, 3));
  h.stage->advance({at(8), false, true});
  h.flush();
  CHECK(h.sent<item>().size() == 3);
  CHECK(h.promised().progress >= at(8));
  CHECK_FALSE(h.promised().idle);
  CHECK(h.promised().stalled);
}

TEST_CASE("records, stamps and panes are the same whatever the memory, batching and credit") {
  std::uint64_t spilled = 0;
  support::for_seeds(300, [&](support::dice roll) {
    const any_batching first = some_batching(roll);
    support::hosted whole, bounded_one;
    support::scratch_disk disk;
    bounded_one.services.scratch = support::scratch_on(disk);
    bounded_one.services.batch_memory = roll.one_of<std::size_t>({1, 100, 1000, 20'000});
    const bool stamped = roll.coin();
    for (support::hosted* h : {&whole, &bounded_one}) {
      h->edge.carried = {stamped, stamped};
      if (h == &bounded_one)
        h->edge.credit_limit = roll.one_of({leat::credit{1, 1, 1}, leat::credit{3, 90, 9000}});
      REQUIRE(h->open(bounded<text_item>(first)));
    }
    const auto both = [&](const auto& act) { act(whole), act(bounded_one); };
    std::int64_t n = 0;
    for (int turn = roll(1, 60); turn > 0; --turn)
      switch (roll(0, 12)) {
      case 0:
        both([&](support::hosted& h) {
          while (!h.stage->at_barrier({}))
            h.unblock();
        });
        CHECK(disk.open == 0); // nothing is held
        break;
      case 1:
      case 2:
        if (stamped)
          both([&](support::hosted& h) {
            h.stage->advance(support::mark_at(at(n)));
            h.unblock();
          });
        break;
      case 3: {
        const auto time = roll(1, 3000) * 1000;
        both([&](support::hosted& h) {
          h.clock.time += time;
          h.stage->wake();
          h.unblock();
        });
        break;
      }
      default:
        std::vector<text_item> records;
        std::vector<leat::stamp> stamps;
        for (std::int64_t end = n + roll(1, 40); n < end;) {
          records.push_back({++n, std::string(roll.size(0, 90), 'x')});
          stamps.push_back(at(n));
        }
        if (!stamped)
          stamps.clear();
        both([&](support::hosted& h) { h.consume(support::frame_of(records, stamps)); });
      }
    both([](support::hosted& h) { h.finish(); });
    REQUIRE(bounded_one.sent<text_item>() == whole.sent<text_item>());
    REQUIRE(ends_of(bounded_one) == ends_of(whole));
    REQUIRE(bounded_one.counters.panes == whole.counters.panes);
    if (stamped) {
      REQUIRE(bounded_one.stamps() == whole.stamps());
      REQUIRE(bounded_one.in_order());
      REQUIRE(
          (promises(bounded_one).empty() ? leat::stamp{} : promises(bounded_one).back().second) ==
          (promises(whole).empty() ? leat::stamp{} : promises(whole).back().second));
    }
    CHECK(disk.open == 0);
    spilled += bounded_one.counters.spilled;
    CHECK(whole.counters.spilled == 0);
  });
  CHECK(spilled > 10'000);
}

TEST_CASE("what does not fit into the memory is in the file, records and marks alike") {
  constexpr std::size_t memory = 100'000;
  support::hosted h;
  support::scratch_disk disk;
  h.services.scratch = support::scratch_on(disk);
  h.services.batch_memory = memory;
  REQUIRE(h.open(bounded<item>(leat::batch{})));
  constexpr std::int64_t count = 200'000;
  const std::size_t size = support::frame_of(std::vector<item>(1), {at(1)}).records->bytes();
  for (std::int64_t n = 1; n <= count; n += 10) {
    h.consume(support::items_from(n, 10));
    h.stage->advance(support::mark_at(at(n + 9)));
    const std::size_t held = static_cast<std::size_t>(n + 9) - h.counters.spilled;
    REQUIRE(held * size <= memory + memory / 2); // and a fragment that is being filled
    REQUIRE((h.counters.spilled == 0 || held * size > memory / 4)); // marks take none of it
  }
  CHECK(disk.files == 1);
  CHECK(h.wire.all.empty());
  h.finish();
  CHECK(h.sent<item>().size() == count);
  CHECK(h.in_order());
  CHECK(promises(h).size() < 100); // not one for each of 20 000 marks
  CHECK(disk.open == 0);
}

TEST_CASE("a pane of records that cannot be written is handed on when it exceeds the memory") {
  support::hosted h;
  h.services.batch_memory = 1000;
  REQUIRE(h.open(bounded<no_codec>(leat::batch{})));
  for (std::int64_t n = 0; n < 5000; n += 50) {
    h.consume(support::frame_of(std::vector<no_codec>(50, no_codec{n})));
    CHECK(static_cast<std::size_t>(n) + 50 - h.sent<no_codec>().size() <=
          3 * 1000 / sizeof(no_codec));
  }
  h.finish();
  CHECK(h.sent<no_codec>().size() == 5000);
  CHECK(h.counters.panes > 10);
  CHECK(h.counters.spilled == 0);
}

TEST_CASE("a disk that is full, and a file that is damaged, fail the stage and say what to do") {
  for (const bool full : {true, false}) {
    support::hosted h;
    support::scratch_disk disk;
    if (full)
      disk.room = 5000;
    h.services.scratch = support::scratch_on(disk);
    h.services.batch_memory = 1000;
    REQUIRE(h.open(bounded<item>(leat::batch{})));
    leat::error e;
    try {
      for (std::int64_t n = 0; n < 1000; n += 10)
        h.consume(support::items_from(n, 10));
      disk.last[disk.last.size() / 2] ^= 1;
      h.finish();
      FAIL("no error");
    } catch (const leat::failure& f) {
      e = f.error();
    }
    CHECK(e.domain == leat::error_domain::external); // no record is to blame
    CHECK(e.what == (full ? "cannot write \"scratch\": the disk is full"
                          : "\"scratch\" is damaged: its checksum differs"));
    CHECK((e.hint.find("--batch-folder") != std::string::npos) == full);
  }
}
