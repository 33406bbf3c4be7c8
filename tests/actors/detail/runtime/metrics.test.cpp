#include <leat/detail/runtime/metrics.hpp>

#include "support/catch.hpp"

TEST_CASE("figures come as they were measured, as often as they are told") {
  leat::subtask_metrics from(2), to(2);
  for (int round = 1; round <= 2; ++round) {
    leat::stage_counters::add(from.counters.records_in, 10);
    leat::stage_counters::add(from.counters.late, 3);
    from.latency.add(1'000 * round, 5);
    from.latency.add(9'000'000);
    from.stalls[1].total = 77 * round;
    from.stalls[0].since = 12;
    from.counters.waiting->set(round == 1 ? "a server" : "");
    from.reached.time = leat::from_micros(5 * round);
    from.promises[1].time = leat::from_micros(7 * round);
    from.promises[1].idle = 1;
    auto& split = from.counters.splits.add("split " + std::to_string(round), 3);
    split.set(leat::from_micros(100 - round), leat::split_state::silent, 4);
    REQUIRE(leat::apply_metrics(leat::encode_metrics(from), to));
    CHECK(to.counters.records_in == 10U * static_cast<unsigned>(round));
    CHECK(to.counters.late == 3U * static_cast<unsigned>(round));
    CHECK(to.counters.panes == 0);
    CHECK(to.latency.count() == from.latency.count());
    CHECK(to.latency.quantile(0.5) == from.latency.quantile(0.5));
    CHECK(to.latency.highest() == from.latency.highest());
    CHECK(to.stalls[1].total == 77 * round);
    CHECK(to.stalls[0].since == 12);
    CHECK(to.counters.waiting->text() == from.counters.waiting->text());
    CHECK(to.reached.time.load() == leat::from_micros(5 * round));
    CHECK(to.promises[1].time.load() == leat::from_micros(7 * round));
    CHECK(to.promises[1].idle == 1);
    const leat::split_summary splits = to.counters.splits.read();
    CHECK(splits.active == static_cast<std::uint64_t>(round));
    CHECK(splits.furthest == leat::from_micros(99));
    REQUIRE(splits.slowest);
    CHECK(splits.slowest->name == "split " + std::to_string(round));
    CHECK(splits.slowest->time == leat::from_micros(100 - round));
    CHECK(splits.slowest->since == 4);
    CHECK(splits.slowest->silent);
  }
}

TEST_CASE("bytes that are no figures are refused") {
  leat::subtask_metrics from(1), to(1);
  from.latency.add(5);
  const std::string bytes = leat::encode_metrics(from);
  for (std::size_t size = 0; size + 1 < bytes.size(); size += 5)
    (void)leat::apply_metrics(bytes.substr(0, size), to);
  CHECK(!leat::apply_metrics(bytes.substr(0, 3), to));
  CHECK(!leat::apply_metrics(bytes + "abc", to));
}
