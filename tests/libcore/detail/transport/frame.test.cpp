#include <leat/detail/transport/frame.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

#include <rapidcheck.h>

using support::frame_of;
using support::item;

TEST_CASE("ingest times give each record the time that was noted last before it") {
  CHECK(rc::check([] {
    leat::ingest_times times;
    std::vector<leat::clock_time> naive;
    for (int steps = *rc::gen::inRange(0, 50); steps > 0; --steps) {
      if (*rc::gen::inRange(0, 8) == 0) {
        naive.resize(*rc::gen::inRange<std::size_t>(0, naive.size() + 1));
        times.truncate(naive.size());
        continue;
      }
      const auto time = *rc::gen::inRange<leat::clock_time>(1, 4);
      times.note(naive.size(), time);
      if (*rc::gen::inRange(0, 3) == 0)
        continue; // no record came of it
      for (int n = *rc::gen::inRange(1, 4); n > 0; --n)
        naive.push_back(time);
    }
    leat::ingest_cursor cursor(times);
    for (std::size_t i = 0; i < naive.size(); ++i)
      RC_ASSERT(cursor.at(i) == naive[i]);
  }));
}

TEST_CASE("ingest times of records that lead to none take no memory") {
  leat::ingest_times times;
  for (leat::clock_time t = 1; t <= 100'000; ++t)
    times.note(3, t);
  CHECK(times.size() <= 2);
  CHECK(times.heap_bytes() < 1000);
  CHECK(leat::ingest_cursor(times).at(3) == 100'000);
}

TEST_CASE("a record before the first noted time has none") {
  leat::ingest_times times;
  times.note(2, 50);
  leat::ingest_cursor cursor(times);
  CHECK(cursor.at(1) == 0);
  CHECK(cursor.at(2) == 50);
}

TEST_CASE("a frame costs its records and their bytes, events are free") {
  CHECK(leat::frame{}.cost() == leat::credit{});
  leat::frame end;
  end.last = true;
  CHECK(end.cost() == leat::credit{});

  CHECK(frame_of<item>({{1}, {2}, {3}}).cost() == leat::credit{1, 3, 3 * sizeof(item)});
  const auto text = frame_of<support::text_item>({{1, std::string(1000, 'x')}});
  CHECK(text.cost().bytes >= 1000 + static_cast<std::int64_t>(sizeof(support::text_item)));
}

TEST_CASE("only a sole owner may change records") {
  leat::frame f = frame_of<item>({{1}});
  CHECK(f.sole_owner());
  leat::frame other = f;
  CHECK_FALSE(f.sole_owner());
  CHECK(other.records == f.records);
  other = {};
  CHECK(f.sole_owner());
  CHECK_FALSE(leat::frame{}.sole_owner());
}
