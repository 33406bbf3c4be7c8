#include <leat/detail/record/envelope.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

namespace {

// Few different values, so that columns are runs for a while and then are none any more.
leat::envelope some_envelope(std::size_t row) {
  const auto few = [] { return *rc::gen::inRange<std::uint32_t>(0, 2); };
  const auto time = [] {
    return *rc::gen::element(leat::begin_of_time, leat::end_of_time, leat::from_micros(-1),
                             leat::from_micros(0), leat::from_micros(7));
  };
  const leat::stamp at{time(), few(), few(), row + few(), leat::stamp_path{}.child(few())};
  return {at, few() == 0 ? at.time : time(), few() == 0, 1 + few()};
}

leat::envelope carried_of(leat::envelope e, const leat::carried_columns& carried) {
  if (!carried.stamps)
    e.at = {};
  if (!carried.event_times)
    e.time = leat::begin_of_time, e.late = false;
  return e;
}

} // namespace

TEST_CASE("columns give back the envelopes that were put in, as far as they are carried") {
  CHECK(rc::check([](bool stamps, bool times, bool read_stamps, bool read_times) {
    const leat::carried_columns carried{stamps, stamps && times};
    const leat::carried_columns read{read_stamps, read_times};
    leat::envelope_columns columns;
    std::vector<leat::envelope> naive;
    for (int n = *rc::gen::inRange(0, 60); n > 0; --n) {
      if (*rc::gen::inRange(0, 9) == 0) {
        const auto size = *rc::gen::inRange<std::size_t>(0, naive.size() + 1);
        naive.resize(size);
        columns.truncate(size);
        continue;
      }
      naive.push_back(some_envelope(naive.size()));
      columns.add(naive.size() - 1, naive.back(), carried);
    }
    columns.truncate(naive.size() + 5); // more than there are: nothing
    RC_ASSERT(columns.carried() == (naive.empty() ? leat::carried_columns{} : carried));
    leat::envelope_cursor from(columns, read);
    for (std::size_t i = 0; i < naive.size(); ++i)
      RC_ASSERT(from.at(i) == carried_of(naive[i], carried & read));
  }));
}

TEST_CASE("envelopes of others are appended in blocks, as one by one") {
  CHECK(rc::check([](bool stamps, bool times, bool carry_stamps, bool carry_times) {
    const leat::carried_columns there{stamps, stamps && times};
    const leat::carried_columns carried = there & leat::carried_columns{carry_stamps, carry_times};
    leat::envelope_columns to;
    std::vector<leat::envelope> naive;
    for (int blocks = *rc::gen::inRange(0, 5); blocks > 0; --blocks) {
      leat::envelope_columns from;
      std::vector<leat::envelope> others;
      const auto first_noted = *rc::gen::inRange<std::size_t>(0, 3);
      for (std::size_t n = *rc::gen::inRange<std::size_t>(1, 20); n > 0; --n) {
        others.push_back(some_envelope(others.size()));
        if (others.size() <= first_noted)
          others.back().ingested = 0;
        from.add(others.size() - 1, others.back(), there);
      }
      const auto end = *rc::gen::inRange<std::size_t>(0, others.size() + 1);
      const auto begin = *rc::gen::inRange<std::size_t>(0, end + 1);
      const auto child = *rc::gen::maybe(rc::gen::inRange<std::uint32_t>(0, 3));
      to.append(naive.size(), from, begin, end, carried,
                child ? std::optional<std::uint32_t>(*child) : std::nullopt);
      for (std::size_t i = begin; i < end; ++i) {
        naive.push_back(others[i]);
        if (child)
          naive.back().at.path = others[i].at.path.child(*child);
      }
    }
    leat::envelope_cursor as(to, leat::all_columns);
    for (std::size_t i = 0; i < naive.size(); ++i)
      RC_ASSERT(as.at(i) == carried_of(naive[i], carried));
  }));
}

TEST_CASE("envelopes take the memory of what is carried") {
  const auto bytes = [](const leat::carried_columns& carried) {
    leat::envelope_columns columns;
    for (std::uint64_t n = 0; n < 1024; ++n)
      columns.add(n, {{leat::from_micros(5), 1, 2, 77 + n, {}}, leat::from_micros(4), true, 9},
                  carried);
    return columns.heap_bytes();
  };
  CHECK(bytes({}) == 0);
  CHECK(bytes({true, false}) <= 1024 * sizeof(leat::stamp));
  CHECK(bytes(leat::all_columns) <= 1024 * (sizeof(leat::stamp) + 16));
}

TEST_CASE("ingest times give each record the time that was noted last before it") {
  CHECK(rc::check([] {
    leat::envelope_columns columns;
    std::vector<leat::clock_time> naive;
    for (int steps = *rc::gen::inRange(0, 50); steps > 0; --steps) {
      if (*rc::gen::inRange(0, 8) == 0) {
        naive.resize(*rc::gen::inRange<std::size_t>(0, naive.size() + 1));
        columns.truncate(naive.size());
        continue;
      }
      const auto time = *rc::gen::inRange<leat::clock_time>(1, 4);
      columns.note_ingest(naive.size(), time);
      if (*rc::gen::inRange(0, 3) == 0)
        continue; // no record came of it
      for (int n = *rc::gen::inRange(1, 4); n > 0; --n)
        naive.push_back(time);
    }
    leat::envelope_cursor from(columns, {});
    for (std::size_t i = 0; i < naive.size(); ++i)
      RC_ASSERT(from.at(i).ingested == naive[i]);
  }));
}

TEST_CASE("ingest times of records that lead to none take no memory") {
  leat::envelope_columns columns;
  for (leat::clock_time t = 1; t <= 100'000; ++t)
    columns.note_ingest(3, t);
  CHECK(columns.ingest().size() <= 2);
  CHECK(columns.heap_bytes() < 1000);
  CHECK(leat::envelope_cursor(columns, {}).at(3).ingested == 100'000);
}

TEST_CASE("a record before the first noted time has none") {
  leat::envelope_columns columns;
  columns.note_ingest(2, 50);
  leat::envelope_cursor from(columns, {});
  CHECK(from.at(1).ingested == 0);
  CHECK(from.at(2).ingested == 50);
}
