// Windows in graphs: what they are called, where late records go, and what is left of them. That
// they hold what they should is shown by random graphs.
#include "support/catch.hpp"
#include "support/letters.hpp"
#include "support/simulated.hpp"

#include "support/graphs.hpp" // last: a name of it is that of variables in the others

using namespace leat;
using namespace std::chrono_literals;
using support::item;

namespace {

const event_time_by timed{[](const item& i) { return from_micros(i.value); }, 10us};

/// Items of one key at these times, numbered from 0.
support::given<item> at_times(const std::vector<std::int64_t>& times) {
  support::given<item> source;
  for (const std::int64_t time : times)
    source.records.push_back({1, static_cast<std::int64_t>(source.records.size()), time});
  return source;
}

using counted = windowed<std::int64_t, std::uint64_t>;

std::vector<std::array<std::int64_t, 3>> shown(const std::vector<counted>& all) {
  std::vector<std::array<std::int64_t, 3>> rows;
  for (const counted& c : all)
    rows.push_back({c.start.time_since_epoch().count(), c.end.time_since_epoch().count(),
                    static_cast<std::int64_t>(c.result)});
  return rows;
}

} // namespace

TEST_CASE("a record that is late for its window goes to the side output") {
  graph g{"late"};
  std::vector<counted> got;
  std::vector<item> late;
  auto counts = g.from("in", at_times({1, 95, 9, 112, 5, 99, 101}), timed)
                    .key_by(support::key_of_item)
                    .window("tens", tumbling(10us))
                    .aggregate<leat::count>();
  counts.side<item>("late").to("late", support::keep<item>{&late});
  counts.to("out", support::keep<counted>{&got});
  REQUIRE(testing::simulation(std::move(g), {}).run());
  CHECK(shown(got) == std::vector<std::array<std::int64_t, 3>>{
                          {0, 10, 1}, {90, 100, 1}, {100, 110, 1}, {110, 120, 1}});
  // 99 is out of order by no more than may be when it comes, but 112 has closed its window.
  CHECK(late == std::vector<item>{{1, 2, 9}, {1, 4, 5}, {1, 5, 99}});
}

TEST_CASE("without a side output a late record is a dead letter that says what helps") {
  support::kept_letters letters;
  graph g{"late"};
  std::vector<counted> got;
  g.from("in", at_times({1, 95, 9}), timed)
      .key_by(support::key_of_item)
      .window("tens", tumbling(10us))
      .aggregate<leat::count>()
      .to("out", support::keep<counted>{&got});
  testing::simulation_options o;
  o.run.dead_letters = &letters;
  REQUIRE(testing::simulation(std::move(g), o).run());
  REQUIRE(letters.letters.size() == 1);
  CHECK(letters.letters[0].stage == "tens");
  CHECK(letters.letters[0].reason == "the record is late for its window");
}

TEST_CASE("windows describe themselves and check their settings before the first record") {
  graph g{"described"};
  g.from("in", at_times({}), timed)
      .key_by(support::key_of_item)
      .window("hours", sliding(1h, 5min), {.allowed_lateness = 10min, .parallelism = 3})
      .aggregate<leat::count>()
      .to("out", support::discard{});
  CHECK(g.plan().describe_text(1).find(
            "  window   hours: 3 subtasks, sliding 1h by 5min, late by up to 10min") !=
        std::string::npos);
  graph wrong{"wrong"};
  wrong.from("in", at_times({}), timed)
      .key_by(support::key_of_item)
      .window("none", tumbling(0us))
      .aggregate<leat::count>()
      .to("out", support::discard{});
  const auto ended = testing::simulation(std::move(wrong), {}).run();
  REQUIRE(!ended);
  CHECK(ended.error().what == "none: the size of a window is 0 us");
}

TEST_CASE("windows of records without event time are refused") {
  graph g{"untimed"};
  g.from("in", at_times({}))
      .key_by(support::key_of_item)
      .window("tens", tumbling(10us))
      .aggregate<leat::count>()
      .to("out", support::discard{});
  CHECK(support::faults(g) ==
        std::vector<std::string>{
            "\"tens\" has timers, but the source \"in\" before it has no event time"});
}

TEST_CASE("a gap that is none makes its record a dead letter") {
  support::kept_letters letters;
  graph g{"gaps"};
  std::vector<counted> got;
  g.from("in", at_times({1, 2}), timed)
      .key_by(support::key_of_item)
      .window("sessions",
              session([](const item& i) { return std::chrono::microseconds{i.number}; }))
      .aggregate<leat::count>()
      .to("out", support::keep<counted>{&got});
  testing::simulation_options o;
  o.run.dead_letters = &letters;
  REQUIRE(testing::simulation(std::move(g), o).run());
  CHECK(shown(got) == std::vector<std::array<std::int64_t, 3>>{{2, 3, 1}});
  REQUIRE(letters.letters.size() == 1);
  CHECK(letters.letters[0].reason == "the gap of a window is 0 us");
}
