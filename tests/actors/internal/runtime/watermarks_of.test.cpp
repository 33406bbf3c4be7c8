#include <leat/internal/runtime/watermarks_of.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

#include <leat/internal/runtime/system.hpp>

using leat::from_micros;
using leat::split_state;
using support::item;
using namespace std::chrono_literals;

namespace {

const auto time_of = [](const item& i) { return from_micros(i.value); };

// Two sources that meet, one of them in two subtasks, and what follows in order.
leat::graph meeting() {
  leat::graph g{"meeting"};
  auto a =
      g.from("a", support::given<item>{}, leat::event_time_by{time_of, 5us}, {.parallelism = 2});
  auto b = g.from("b", support::given<item>{}, leat::event_time_by{time_of, 20us});
  a.merge("both", std::move(b), 2)
      .key_by(support::key_of_item)
      .process("hash", support::chained_hash{}, {.parallelism = 2})
      .to("out", support::discard{});
  return g;
}

struct measured {
  leat::graph g = meeting();
  leat::steady_clock time;
  leat::wired_job w = leat::wire_up(g.plan(), {}, time, false);

  leat::subtask_metrics& of(const std::string& stage, std::size_t subtask = 0) {
    for (std::size_t n = 0; n < w.subtasks.size(); ++n)
      if (w.subtasks[n].stage == stage && subtask-- == 0)
        return *w.metrics[n];
    throw std::logic_error("no subtask of " + stage);
  }
  leat::stage_metrics stage(const std::string& name, leat::clock_time now = 0) {
    for (leat::stage_metrics& s : leat::metrics_of(w, g.plan(), now).stages)
      if (s.name == name)
        return s;
    throw std::logic_error("no stage " + name);
  }
};

} // namespace

TEST_CASE("the watermark of an input is the least that active subtasks have promised") {
  measured m;
  CHECK(m.stage("both").inputs.size() == 2);
  CHECK(m.stage("both").inputs[0].watermark == leat::begin_of_time);
  m.of("a", 0).promises[0].time = from_micros(100);
  m.of("a", 1).promises[0].time = from_micros(70);
  m.of("b").promises[0].time = from_micros(500);
  m.of("both", 0).reached.time = from_micros(60);
  m.of("both", 1).reached.time = from_micros(65);
  leat::stage_metrics s = m.stage("both");
  CHECK(s.inputs[0].from == "a"); // 20 us are what one of the sources allows
  CHECK(s.inputs[0].watermark == from_micros(50));
  CHECK(s.inputs[1].from == "b");
  CHECK(s.inputs[1].watermark == from_micros(480));
  CHECK(s.watermark == from_micros(40));
  m.of("a", 1).promises[0].idle = 1;
  CHECK(m.stage("both").inputs[0].watermark == from_micros(80));
  m.of("a", 0).ended = 1;
  CHECK(m.stage("both").inputs[0].watermark == from_micros(80)); // the furthest of these
  m.of("a", 0).reached.time = from_micros(9);
  m.of("a", 1).reached.time = from_micros(8);
  CHECK(m.stage("a").watermark == from_micros(3)); // of its own disorder
  CHECK(m.stage("out").inputs.empty());
  CHECK(m.stage("out").watermark == leat::begin_of_time);
}

TEST_CASE("an input is held back by the slowest active split of the sources before it") {
  measured m;
  const auto add = [](leat::subtask_metrics& to, const char* name, std::int64_t time,
                      split_state state, leat::clock_time now) {
    to.counters.splits.add(name, 0).set(from_micros(time), state, now);
  };
  add(m.of("a", 0), "a0", 100, split_state::reading, 10);
  add(m.of("a", 1), "a1", 90, split_state::held, 20);
  add(m.of("b"), "b0", 40, split_state::silent, 30);
  add(m.of("b"), "b1", 30, split_state::idle, 30);
  const auto by = [&](const std::string& stage, std::size_t input) {
    const auto held = m.stage(stage, 100).inputs.at(input).held_back_by;
    REQUIRE(held);
    return held->source + '/' + held->split + " since " + std::to_string(held->since.count());
  };
  CHECK(by("both", 0) == "a/a1 since 80");
  CHECK(by("both", 1) == "b/b0 since 70");
  CHECK(by("hash", 0) == "b/b0 since 70");
  CHECK(m.stage("hash").inputs[0].held_back_by->silent);
  CHECK(m.stage("hash").inputs[0].furthest == from_micros(100));
  const auto a = m.stage("a").splits;
  REQUIRE(a);
  CHECK(a->active == 2);
  CHECK(a->held == 1);
  CHECK(a->furthest == from_micros(100));
  CHECK(m.stage("b").splits->idle == 1);
  CHECK(!m.stage("both").splits);
}
