// Event time over several splits: what holds it back, what brings it on, and how far splits may be
// ahead of each other.
#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/simulated.hpp"

#include <set>

using support::dice;
using support::item;
using namespace std::chrono_literals;

namespace {

const auto time_of_number = [](const item& i) { return leat::from_seconds(i.number); };

// The time in a world that is made later.
struct world_time {
  std::shared_ptr<const leat::testing::simulation*> world =
      std::make_shared<const leat::testing::simulation*>(nullptr);
  std::chrono::nanoseconds now() const { return *world ? (*world)->now() : 0ns; }
};

// Its nth record is at second n, and comes after n times 20 ms; silent from the nth on for a while.
struct ticking {
  using record_type = item;
  std::string called;
  std::int64_t count;
  world_time time;
  std::int64_t silent_from = -1;
  std::chrono::nanoseconds silent_until = 0ns;
  std::int64_t next = 0;
  std::string name() const { return called; }
  leat::pull_status pull(std::size_t, leat::emitter<item>& out) {
    if (next == count)
      return leat::pull_status::done();
    const std::chrono::nanoseconds due =
        next >= silent_from && silent_from >= 0 ? silent_until : next * 20ms;
    if (time.now() < due)
      return leat::pull_status::idle(due - time.now());
    out({next % 3, next, 0});
    ++next;
    return leat::pull_status::more();
  }
};
struct ticking_splits {
  using record_type = item;
  std::vector<ticking> all;
  std::vector<ticking> splits() const { return all; }
};

// Sets a timer at each record's time, and notes when it fires.
struct reminded {
  using output_type = item;
  std::vector<std::pair<std::int64_t, std::chrono::nanoseconds>>* fired;
  world_time time;
  leat::timer due;
  void open(leat::setup& setup) { due = setup.timer("due"); }
  void process(const item& i, leat::emitter<item>& out, leat::event_context& ctx) {
    ctx.set(due, time_of_number(i));
    out(i);
  }
  void on_timer(const std::int64_t&, const leat::timer&, leat::emitter<item>&,
                leat::event_context& ctx) {
    fired->emplace_back(ctx.event_time().time_since_epoch().count() / 1'000'000, time.now());
  }
};

// So that time does not pass in one leap where all others wait.
void add_clock(leat::graph& g, const world_time& time) {
  g.from("clock", ticking{"clock", 1000, time}).to("ticks", support::discard{});
}

const leat::stage_metrics& stage(const leat::job_metrics& r, const std::string& name) {
  for (const auto& s : r.stages)
    if (s.name == name)
      return s;
  throw std::logic_error("no stage " + name);
}

} // namespace

TEST_CASE("an idle split of eight holds timers back only while others wait for it, and is named") {
  for (const std::size_t readers : {1U, 3U, 8U})
    for (const bool apart : {false, true})
      for (const auto idle_after : {std::chrono::nanoseconds{200ms}, leat::never_idle}) {
        INFO(readers << " readers, apart: " << apart << ", idle after " << idle_after.count());
        const bool waits = idle_after == leat::never_idle;
        world_time time;
        std::vector<std::pair<std::int64_t, std::chrono::nanoseconds>> fired;
        ticking_splits source;
        for (int n = 0; n < 8; ++n)
          source.all.push_back({"split-" + std::to_string(n), 450, time});
        source.all[5].silent_from = 50; // from 1 s on
        source.all[5].silent_until = 8s;
        leat::graph g{"idle"};
        g.from("in", source, leat::event_time_by{time_of_number, 2s, idle_after},
               {readers, leat::order::by_stamp})
            .key_by(support::key_of_item)
            .process("reminded", reminded{&fired, time, {}})
            .to("out", support::discard{});
        add_clock(g, time);
        leat::testing::simulation_options o;
        o.run.parallelism = 2;
        o.apart = apart;
        o.run.credit_limit = {4, 64, 1'000'000};
        o.run.frames.records = 16;
        leat::testing::simulation world(std::move(g), o);
        *time.world = &world;
        std::optional<leat::job_metrics> at_four;
        while (world.step())
          if (!at_four && world.now() >= 4s)
            at_four = world.metrics();
        REQUIRE(world.run());
        REQUIRE(at_four);

        const leat::stage_metrics& s = stage(*at_four, "reminded");
        REQUIRE(s.inputs.size() == 1);
        const leat::input_metrics& input = s.inputs.front();
        CHECK(input.from == "in");
        CHECK(stage(*at_four, "in").splits->active == (waits ? 8 : 7));
        CHECK(stage(*at_four, "in").splits->idle == (waits ? 0 : 1));
        REQUIRE(input.held_back_by);
        if (waits) { // its last record was at second 49, and 2 s of disorder are allowed
          CHECK(input.watermark <= leat::from_seconds(47));
          CHECK(s.watermark <= leat::from_seconds(47));
          CHECK(input.watermark >= leat::from_seconds(45));
          CHECK(input.held_back_by->source == "in");
          CHECK(input.held_back_by->split == "split-5");
          CHECK(input.held_back_by->time == leat::from_seconds(49));
          CHECK(input.held_back_by->silent);
          CHECK(input.held_back_by->since >= 2900ms);
          CHECK(input.held_back_by->since <= 3100ms);
        } else {
          CHECK(input.watermark >= leat::from_seconds(190));
          CHECK(s.watermark >= leat::from_seconds(190));
          CHECK(input.held_back_by->split != "split-5");
          CHECK(input.held_back_by->since < 100ms);
        }
        // Of every second one timer for its key; none that is past the silent split's last record
        // before that split speaks again, unless it is idle.
        std::size_t early = 0;
        for (const auto& [second, when] : fired)
          early += second > 50 && second < 150 && when < 8s;
        CHECK(fired.size() >= 450);
        CHECK((early == 0) == waits);
      }
}

namespace {

// The splits of a source as they stand, read by all of them.
struct standing {
  struct split {
    std::int64_t read = std::numeric_limits<std::int64_t>::min(); ///< its newest time, seconds
    bool done = false;
  };
  std::vector<split> all;
  std::int64_t most_ahead = 0; ///< of the slowest, when a split was read

  void ask(std::size_t n) {
    std::int64_t slowest = std::numeric_limits<std::int64_t>::max();
    for (const split& s : all)
      if (!s.done)
        slowest = std::min(slowest, s.read);
    if (all[n].read > std::numeric_limits<std::int64_t>::min())
      most_ahead = slowest == std::numeric_limits<std::int64_t>::min()
                       ? std::numeric_limits<std::int64_t>::max()
                       : std::max(most_ahead, all[n].read - slowest);
  }
};

// Emits a few records a time, whose numbers rise by random steps; pauses now and then.
struct uneven {
  using record_type = item;
  std::size_t split;
  std::shared_ptr<standing> at;
  std::vector<item> records;
  std::vector<int> pauses; ///< before each pull, in milliseconds
  std::size_t next = 0, pulls = 0;
  leat::pull_status pull(std::size_t demand, leat::emitter<item>& out) {
    standing::split& mine = at->all[split];
    if (pulls < pauses.size() && pauses[pulls] > 0)
      return leat::pull_status::idle(std::chrono::milliseconds{std::exchange(pauses[pulls], 0)});
    ++pulls;
    at->ask(split);
    for (std::size_t n = std::min<std::size_t>(demand, 3); n > 0 && next < records.size(); --n) {
      mine.read = std::max(mine.read, records[next].number);
      out(records[next++]);
    }
    mine.done = next == records.size();
    return mine.done ? leat::pull_status::done() : leat::pull_status::more();
  }
};
struct uneven_splits {
  using record_type = item;
  std::vector<uneven> all;
  std::vector<uneven> splits() const { return all; }
};

uneven_splits some_splits(dice& roll, const std::shared_ptr<standing>& at, std::size_t& records) {
  uneven_splits source;
  for (std::size_t n = roll.size(1, 9); n > 0; --n) {
    uneven s{at->all.size(), at, {}, {}};
    at->all.emplace_back();
    std::int64_t second = 1000;
    const int most_step = roll.one_of({2, 10, 60});
    for (int r = roll(1, 80); r > 0; --r) {
      s.records.push_back({roll(0, 4), second += roll(0, most_step), 0});
      s.pauses.push_back(roll(0, 10) == 0 ? roll(1, 500) : 0);
    }
    records += s.records.size();
    source.all.push_back(std::move(s));
  }
  return source;
}

} // namespace

TEST_CASE("no split is read that is ahead of the slowest active one by more than max_drift") {
  bool bounded = false; // by that alone, in some run
  support::for_seeds(150, [&](dice roll) {
    const auto drift = roll.one_of({0s, 7s, 50s, 400s});
    const std::size_t readers = roll.size(1, 6);
    const bool two = roll.coin(), by_stamp = roll.coin();
    const auto order = by_stamp ? leat::order::by_stamp : leat::order::by_arrival;
    std::int64_t most_ahead[2];
    const dice same = roll;
    for (const bool aligned : {false, true}) {
      dice now = same;
      const auto at = std::make_shared<standing>();
      std::size_t records = 0;
      std::vector<item> got;
      leat::graph g{"aligned"};
      const leat::event_time_by times{time_of_number, 3s, leat::never_idle,
                                      aligned ? std::chrono::microseconds{drift} : leat::any_drift};
      auto all = g.from("in", some_splits(now, at, records), times, {readers, order});
      if (two) {
        auto others = g.from("others", some_splits(now, at, records), times, {1, order});
        all = all.merge("merge", std::move(others));
      }
      std::move(all)
          .key_by(support::key_of_item)
          .process("hash", support::chained_hash{}, {0, order})
          .to("out", support::keep<item>{&got});
      leat::testing::simulation_options o = support::some_run(now, now.seed());
      o.apart = now.coin();
      leat::testing::simulation world(std::move(g), o);
      REQUIRE(world.run());
      REQUIRE(got.size() == records);
      most_ahead[aligned] = at->most_ahead;
    }
    REQUIRE(most_ahead[1] <= drift.count());
    bounded = bounded || most_ahead[0] > drift.count();
  });
  CHECK(bounded);
}

TEST_CASE("a split that is idle or has come back does not stop those that are aligned with it") {
  world_time time;
  std::vector<std::pair<std::int64_t, std::chrono::nanoseconds>> fired;
  ticking_splits source;
  for (int n = 0; n < 4; ++n)
    source.all.push_back({"split-" + std::to_string(n), 300, time});
  source.all[2].silent_from = 50;
  source.all[2].silent_until = 4s;
  leat::graph g{"idle"};
  g.from("in", source, leat::event_time_by{time_of_number, 0s, 600ms, 10s},
         {4, leat::order::by_stamp})
      .key_by(support::key_of_item)
      .process("reminded", reminded{&fired, time, {}})
      .to("out", support::discard{});
  add_clock(g, time);
  leat::testing::simulation_options o;
  leat::testing::simulation world(std::move(g), o);
  *time.world = &world;
  std::optional<leat::job_metrics> while_waited_for, while_idle;
  while (world.step()) {
    if (!while_waited_for && world.now() >= 1450ms)
      while_waited_for = world.metrics();
    if (!while_idle && world.now() >= 3800ms)
      while_idle = world.metrics();
  }
  REQUIRE(world.run());
  REQUIRE(while_waited_for);
  REQUIRE(while_idle);
  CHECK(stage(*while_waited_for, "in").splits->held == 3);
  CHECK(stage(*while_waited_for, "in").splits->furthest <= leat::from_seconds(60));
  CHECK(stage(*while_idle, "in").splits->held == 0);
  CHECK(stage(*while_idle, "in").splits->idle == 1);
  CHECK(stage(*while_idle, "in").splits->furthest >= leat::from_seconds(180));
  CHECK(stage(world.metrics(), "out").records_in == 1200);
}
