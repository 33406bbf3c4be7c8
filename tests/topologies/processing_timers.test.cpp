// Timers of processing time in whole graphs: each fires once, at its time or after it, and what
// they emit keeps the order of stamps and all promises.
#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/simulated.hpp"

#include <set>

using support::dice;
using support::item;
using namespace std::chrono_literals;

namespace {

// Gives a few at a time, and nothing for a while.
struct halting {
  using record_type = item;
  std::vector<item> records;
  std::chrono::microseconds pause{0};
  std::size_t few = 1;
  std::size_t next = 0;

  leat::pull_status pull(std::size_t demand, leat::emitter<item>& out) {
    for (std::size_t n = std::min(demand, few); n > 0 && next < records.size(); --n)
      out(records[next++]);
    return next < records.size() ? leat::pull_status::idle(pause) : leat::pull_status::done();
  }
};

struct halting_splits {
  using record_type = item;
  std::vector<halting> all;
  std::vector<halting> splits() const { return all; }
};

// What was done to timers, in all subtasks: a simulation is one thread.
struct record_of_timers {
  std::set<std::tuple<std::int64_t, int, leat::processing_time>> pending; // key, name, time
  std::uint64_t fired = 0;
  std::uint64_t emitted = 0;
};

// Sets and cancels timers of two names for each record, and some when they fire.
template <class Context>
struct ticking {
  using output_type = item;
  record_of_timers* done;
  leat::value_state<std::uint64_t> turns;
  leat::processing_timer names[2];

  void open(leat::setup& setup) {
    turns = setup.value<std::uint64_t>("turns");
    names[0] = setup.processing_timer("first");
    names[1] = setup.processing_timer("second");
  }
  void process(const item& i, leat::emitter<item>& out, Context& ctx) {
    out(i), ++done->emitted;
    change(i.key, 3, ctx);
  }
  void on_timer(const std::int64_t& key, const leat::processing_timer& which,
                leat::emitter<item>& out, Context& ctx) {
    CHECK(ctx.due() <= ctx.now());
    CHECK(done->pending.erase({key, which == names[0] ? 0 : 1, ctx.due()}) == 1);
    ++done->fired;
    for (std::uint64_t n = ctx.get(turns) % 4 * 2; n > 0; --n)
      out({key, -1, 0}), ++done->emitted;
    change(key, 1, ctx);
  }
  void change(std::int64_t key, int most, Context& ctx) {
    dice roll{++ctx.edit(turns) * 8 + static_cast<std::uint64_t>(key)};
    for (int n = roll(0, most + 1); n > 0; --n) {
      const int name = roll(0, 2);
      const leat::processing_time at = ctx.now() + roll(-5, 300) * 1us;
      ctx.set(names[name], at), done->pending.insert({key, name, at});
      if (const auto other = at + 1us; roll(0, 4) == 0)
        ctx.cancel(names[name], other), done->pending.erase({key, name, other});
    }
  }
};

// Passes records on that come in the order of stamps.
struct in_order {
  using output_type = item;
  leat::stamp last = {};
  void process(const item& i, leat::emitter<item>& out, leat::event_context& ctx) {
    CHECK(ctx.at() >= last);
    last = ctx.at();
    out(i);
  }
};

halting_splits some_splits(dice& roll) {
  halting_splits source;
  for (int splits = roll(1, 4); splits > 0; --splits) {
    source.all.push_back({{}, roll(1, 200) * 1us, roll.size(1, 9)});
    std::int64_t time = 0;
    for (int n = roll(0, 60); n > 0; --n)
      source.all.back().records.push_back({roll(0, 5), n, time += roll(0, 9)});
  }
  return source;
}

struct run_of_ticks {
  record_of_timers done;
  std::vector<item> got;
  std::size_t records = 0; ///< that sources give
  bool forked = false;     ///< and these are merged with what the operator emits
};

template <class Context>
leat::graph ticks(dice& roll, run_of_ticks& run) {
  leat::graph g{"ticks"};
  std::optional<leat::stream<item>> all;
  for (int n = roll(1, 3); n > 0; --n) {
    const auto splits = some_splits(roll);
    for (const halting& s : splits.all)
      run.records += s.records.size();
    auto one = g.from("source" + std::to_string(n), splits,
                      leat::event_time_by{[](const item& i) { return leat::from_micros(i.value); },
                                          roll(0, 9) * 1us});
    all = all ? std::move(*all).merge("both", std::move(one)) : std::move(one);
  }
  const auto source = std::move(*all).map("same", [](const item& i) { return i; });
  auto emitted =
      source.key_by(support::key_of_item).process("ticking", ticking<Context>{&run.done, {}, {}});
  run.forked = roll.coin();
  auto last = run.forked ? std::move(emitted).merge("meet", source) : std::move(emitted);
  std::move(last)
      .key_by([](const item& i) { return i.number % 3; })
      .process("in order", in_order{})
      .to("out", support::keep<item>{&run.got});
  return g;
}

void check(const leat::result<leat::job_metrics>& report, const run_of_ticks& run) {
  REQUIRE(report);
  for (const auto& s : report->stages)
    if (s.name == "ticking") {
      CHECK(s.timers_dropped == run.done.pending.size());
      CHECK(s.records_out == run.done.emitted);
    }
  CHECK(run.got.size() == run.done.emitted + (run.forked ? run.records : 0));
}

} // namespace

TEST_CASE("processing timers fire between records, and break neither order nor promises") {
  std::uint64_t fired = 0, dropped = 0;
  support::for_seeds(300, [&, seed = std::uint64_t{0}](dice roll) mutable {
    run_of_ticks run;
    auto g = roll.coin() ? ticks<leat::event_context>(roll, run) : ticks<leat::context>(roll, run);
    auto options = support::some_run(roll, ++seed);
    options.apart = roll.coin();
    check(leat::testing::simulation(std::move(g), options).run(), run);
    fired += run.done.fired, dropped += run.done.pending.size();
  });
  CHECK(fired > 10'000);
  CHECK(dropped > 100);
}

TEST_CASE("processing timers need neither event times nor order") {
  support::for_seeds(50, [seed = std::uint64_t{0}](dice roll) mutable {
    run_of_ticks run;
    leat::graph g{"by arrival"};
    g.from("source", some_splits(roll))
        .rebalance("spread")
        .key_by(support::key_of_item)
        .process("ticking", ticking<leat::context>{&run.done, {}, {}},
                 {.order = leat::order::by_arrival})
        .to("out", support::keep<item>{&run.got});
    check(leat::testing::simulation(std::move(g), support::some_run(roll, ++seed)).run(), run);
  });
}
