// Nothing waits for ever and nothing piles up: stalled sinks, starved branches, silent splits,
// sources of different speed, records that expand, all under little credit.
#include <leat/actor.hpp>
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/reference.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

using support::dice;
using support::item;
using namespace std::chrono_literals;
namespace reference = support::reference;

namespace {

const auto time_of_number = [](const item& i) {
  return leat::event_time{std::chrono::microseconds{i.number}};
};

const leat::stage_metrics& stage(const leat::job_metrics& r, const std::string& name) {
  for (const auto& s : r.stages)
    if (s.name == name)
      return s;
  throw std::logic_error("no stage " + name);
}

// The time in a world that is made later.
struct world_time {
  std::shared_ptr<const leat::testing::simulation*> world =
      std::make_shared<const leat::testing::simulation*>(nullptr);
  std::chrono::nanoseconds now() const { return *world ? (*world)->now() : 0ns; }
};

// Numbered items, as many as asked for; before those that `pauses` names it is silent for so long.
struct counting {
  using record_type = item;
  std::int64_t count;
  std::int64_t step = 1; ///< from number to number
  std::int64_t next = 0;
  std::map<std::int64_t, std::chrono::nanoseconds> pauses = {};
  std::int64_t most_at_once = 1'000'000;
  world_time time = {};
  std::optional<std::chrono::nanoseconds> silent_until = {};

  leat::pull_status pull(std::size_t demand, leat::emitter<item>& out) {
    auto left = std::min(static_cast<std::int64_t>(demand), most_at_once);
    for (; left > 0 && next < count; --left) {
      if (const auto pause = pauses.find(next); pause != pauses.end()) {
        if (!silent_until)
          silent_until = time.now() + pause->second;
        if (time.now() < *silent_until)
          return leat::pull_status::idle(*silent_until - time.now());
        silent_until.reset();
        pauses.erase(pause);
      }
      out({next % 13, next * step, 0});
      ++next;
    }
    if (next >= count)
      return leat::pull_status::done();
    return most_at_once < 1000 ? leat::pull_status::idle(100us) : leat::pull_status::more();
  }
};

struct gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_open = false;

  void open() {
    const std::lock_guard lock(mutex);
    is_open = true;
    changed.notify_all();
  }
};

struct gated {
  static constexpr bool blocking = true;
  gate* at;
  std::vector<item>* got;
  void write(std::span<const item> records) {
    std::unique_lock lock(at->mutex);
    at->changed.wait(lock, [&] { return at->is_open; });
    got->insert(got->end(), records.begin(), records.end());
  }
};

// Notes whether numbers fall.
struct in_order_of_numbers {
  using output_type = item;
  std::int64_t* last;
  bool* in_order;
  void process(const item& i, leat::emitter<item>& out, leat::context&) {
    *in_order = *in_order && i.number >= *last;
    *last = i.number;
    out(i);
  }
};

// Waits a millisecond for the answer to each record.
struct asking : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  caf::behavior own_messages() override {
    return {[this](std::int64_t number) {
      emit({0, number, 0});
      unpause();
    }};
  }
  void process(const item& i, leat::emitter<item>&) {
    pause();
    delayed_send(this, std::chrono::milliseconds{1}, i.number);
  }
};

} // namespace

TEST_CASE("while a sink is stalled memory stays bounded, and all arrives when it goes on") {
  for (const std::size_t parallelism : {1U, 2U, 4U}) {
    INFO(parallelism);
    const auto records = support::numbered(150'000, 101);
    gate shut;
    std::vector<item> got;
    leat::graph g{"stalled"};
    g.from("in", support::given<item>{records})
        .key_by(support::key_of_item)
        .process("a", support::chained_hash{})
        .key_by(support::number_of_item)
        .process("b", support::chained_hash{})
        .key_by(support::key_of_item)
        .process("c", support::chained_hash{})
        .to("out", gated{&shut, &got});
    leat::run_options o;
    o.parallelism = parallelism;
    o.frames.records = 16;
    o.credit_limit = {4, 64, 1'000'000};
    auto j = leat::job::start(std::move(g), o);
    REQUIRE(j);
    std::uint64_t read = 1, before = 0;
    for (int tries = 0; tries < 200 && read != before; ++tries) { // until nothing moves any more
      before = read;
      std::this_thread::sleep_for(50ms);
      read = j->metrics().records();
    }
    // Each lane holds its window, one frame beyond, one that waits and one that grows; merges hold
    // no more than their lanes.
    const std::uint64_t lanes = 2 * parallelism + 2 * parallelism * parallelism;
    CHECK(read <= lanes * (64 + 3 * 16) * 2 + 1000);
    for (const auto& s : j->metrics().stages)
      CHECK(s.held <= parallelism * parallelism * (64 + 16) * 2);
    shut.open();
    REQUIRE(j->wait());
    const auto by_key = [](const std::vector<item>& all) {
      return reference::by_key(all, support::key_of_item);
    };
    auto wanted = reference::source({records}, reference::no_time);
    for (int shuffle = 0; shuffle < 3; ++shuffle)
      wanted = shuffle == 1 ? reference::chained_hash(wanted, support::number_of_item)
                            : reference::chained_hash(wanted, support::key_of_item);
    CHECK(by_key(got) == by_key(reference::records(wanted)));
  }
}

TEST_CASE("what a merge holds is bounded while producers are faster, whoever runs next") {
  support::for_seeds(12, [seed = std::uint64_t{0}](dice roll) mutable {
    const std::size_t parallelism = roll.one_of<std::size_t>({2, 4});
    leat::graph g{"held"};
    g.from("in", counting{60'000})
        .key_by(support::key_of_item)
        .process("a", support::chained_hash{})
        .key_by(support::number_of_item)
        .process("b", support::chained_hash{})
        .key_by(support::key_of_item)
        .process("c", support::chained_hash{})
        .to("out", support::discard{});
    leat::testing::simulation_options o;
    o.seed = ++seed;
    o.run.parallelism = parallelism;
    o.run.frames.records = 16;
    o.run.credit_limit = {4, 64, 1'000'000};
    leat::testing::simulation world(std::move(g), o);
    std::uint64_t most_held = 0, most_between = 0;
    while (world.step()) {
      if (world.steps() % 64 != 0)
        continue;
      const auto r = world.metrics();
      for (const auto& s : r.stages)
        most_held = std::max(most_held, s.held);
      most_between = std::max(most_between, r.records() - stage(r, "out").records_in);
    }
    REQUIRE(world.run());
    const std::uint64_t lanes = 2 * parallelism + 2 * parallelism * parallelism;
    CHECK(most_held <= parallelism * parallelism * (64 + 16) * 3);
    CHECK(most_between <= lanes * (64 + 3 * 16) * 3);
  });
}

TEST_CASE(
    "a fork whose one branch is starved neither stops nor piles up where it meets the other") {
  for (const bool through_a_stage : {false, true})
    support::for_seeds(8, [through_a_stage, seed = std::uint64_t{0}](dice roll) mutable {
      leat::graph g{"diamond"};
      auto fork = g.from("in", counting{20'000}).map("same", [](const item& i) { return i; });
      auto none = fork.filter("none", [](const item&) { return false; });
      auto all = fork.key_by(support::number_of_item).process("all", support::chained_hash{});
      if (through_a_stage)
        all.merge("meet",
                  none.key_by(support::key_of_item).process("starved", support::chained_hash{}))
            .key_by(support::key_of_item)
            .process("last", support::chained_hash{})
            .to("out", support::discard{});
      else
        all.merge("meet", none)
            .key_by(support::key_of_item)
            .process("last", support::chained_hash{})
            .to("out", support::discard{});
      leat::testing::simulation_options o;
      o.seed = ++seed;
      o.run.parallelism = roll.one_of<std::size_t>({1, 2, 4});
      o.run.frames.records = roll.one_of<std::size_t>({1, 16, 64});
      o.run.credit_limit = roll.one_of({leat::credit{1, 1, 1}, leat::credit{4, 64, 100'000}});
      leat::testing::simulation world(std::move(g), o);
      std::uint64_t most_held = 0;
      while (world.step())
        if (world.steps() % 64 == 0)
          most_held = std::max(most_held, stage(world.metrics(), "meet").held);
      const auto report = world.run();
      REQUIRE(report);
      CHECK(stage(*report, "out").records_in == 20'000);
      CHECK(most_held <= 4 * (64 + 3 * 64) * 2);
    });
}

TEST_CASE("a split that is silent for long holds the others up for its time-out, and no longer") {
  struct counting_splits {
    using record_type = item;
    std::vector<counting> all;
    std::vector<counting> splits() const { return all; }
  };
  for (const std::size_t readers : {1U, 2U}) { // merged within a source, or between two subtasks
    INFO(readers);
    std::vector<item> got;
    world_time time;
    leat::graph g{"silent"};
    g.from("in", counting_splits{{{1000, 1, 0, {{500, 60s}}, 1'000'000, time}, {100'000}}},
           leat::event_time_by{time_of_number, 0us, 2s}, {readers, leat::order::by_stamp})
        .key_by(support::key_of_item)
        .process("p", support::chained_hash{})
        .to("out", support::keep<item>{&got});
    leat::testing::simulation_options o;
    o.run.parallelism = 2;
    leat::testing::simulation world(std::move(g), o);
    *time.world = &world;
    std::size_t in_time = 0, meanwhile = 0; // before the time-out, and before the split spoke again
    std::uint64_t most_held = 0;
    while (world.step()) {
      if (world.now() < 2s)
        in_time = got.size();
      if (world.now() < 60s)
        meanwhile = got.size();
      if (world.steps() % 64 == 0)
        most_held = std::max(most_held, stage(world.metrics(), "p").held);
    }
    REQUIRE(world.run());
    CHECK(got.size() == 101'000);
    CHECK(in_time <= 1000);
    CHECK(meanwhile >= 10'000);
    CHECK(world.now() >= 60s);
    CHECK(most_held <= 4 * (8192 + 2 * 1024));
  }
}

TEST_CASE("a merge holds no more than its credit while one branch is slow and starved") {
  for (const auto pane :
       {leat::any_batching{leat::record_at_a_time{}}, leat::any_batching{leat::batch{}}}) {
    INFO(pane.text());
    leat::graph g{"slow and starved"};
    const auto fork = g.from("in", counting{200'000}).map("same", [](const item& i) { return i; });
    auto rare = fork.filter("rare", [](const item& i) { return i.number % 1000 == 0; })
                    .window("pane", pane)
                    .score("score", support::by_value{})
                    .map("plain", support::record_of)
                    .via("asking", leat::actor<asking>());
    std::int64_t last = -1;
    bool in_order = true;
    fork.merge("meet", std::move(rare))
        .key_by([](const item&) { return 0; })
        .process("order", in_order_of_numbers{&last, &in_order})
        .to("out", support::discard{});
    leat::testing::simulation_options o;
    o.run.credit_limit = {4, 256, 1'000'000};
    o.run.frames.records = 64;
    leat::testing::simulation world(std::move(g), o);
    std::uint64_t most_held = 0;
    while (world.step())
      if (world.steps() % 64 == 0)
        most_held = std::max(most_held, stage(world.metrics(), "meet").held);
    REQUIRE(world.run());
    CHECK(stage(world.metrics(), "out").records_in == 200'200);
    CHECK(in_order);
    CHECK(most_held > 0);
    CHECK(most_held <= 2 * (256 + 2 * 64));
  }
}

TEST_CASE("messages a record grow no faster than parallelism") {
  struct sparse_splits {
    using record_type = item;
    std::size_t count;
    std::vector<counting> splits() const {
      std::vector<counting> all;
      for (std::size_t s = 0; s < count; ++s) {
        counting one{static_cast<std::int64_t>(64 / count), static_cast<std::int64_t>(count),
                     static_cast<std::int64_t>(s)};
        one.most_at_once = 1;
        all.push_back(one);
      }
      return all;
    }
  };
  const auto messages = [](std::size_t parallelism, std::size_t sources) {
    leat::graph g{"sparse"};
    g.from("in", sparse_splits{sources}, leat::event_time_by{time_of_number},
           {sources, leat::order::by_stamp})
        .key_by(support::key_of_item)
        .process("a", support::chained_hash{})
        .key_by(support::number_of_item)
        .process("b", support::chained_hash{})
        .key_by(support::key_of_item)
        .process("c", support::chained_hash{})
        .to("out", support::discard{});
    leat::testing::simulation_options o;
    o.run.parallelism = parallelism;
    o.run.rate = 1000; // one at a time: each finds all subtasks idle
    leat::testing::simulation world(std::move(g), o);
    REQUIRE(world.run());
    return static_cast<double>(world.steps()) / 64;
  };
  const double one = messages(1, 1);
  for (const std::size_t parallelism : {4U, 16U, 32U}) {
    INFO(parallelism);
    const double some = messages(parallelism, 1);
    CHECK(some <= one * static_cast<double>(parallelism));
  }
  CHECK(messages(8, 32) <= messages(8, 1) * 32);
}

TEST_CASE("a fast source waits for a slow one within its credit") {
  leat::graph g{"two speeds"};
  auto fast = g.from("fast", counting{300'000}, leat::event_time_by{time_of_number});
  auto slow = g.from("slow", counting{3000, 100, 0, {}, 16}, leat::event_time_by{time_of_number});
  fast.merge("meet", slow)
      .key_by(support::key_of_item)
      .process("p", support::chained_hash{})
      .to("out", support::discard{});
  leat::testing::simulation_options o;
  o.run.parallelism = 2;
  o.run.credit_limit = {16, 8192, 1024 * 1024};
  leat::testing::simulation world(std::move(g), o);
  std::uint64_t most_ahead = 0, most_held = 0;
  while (world.step()) {
    if (world.steps() % 16 != 0)
      continue;
    const auto r = world.metrics();
    const std::uint64_t covered = stage(r, "slow").records_in * 100;
    if (stage(r, "slow").records_in < 3000)
      most_ahead = std::max(most_ahead, stage(r, "fast").records_in -
                                            std::min(covered, stage(r, "fast").records_in));
    most_held = std::max(most_held, stage(r, "meet").held);
  }
  REQUIRE(world.run());
  CHECK(most_ahead >= 8192);
  CHECK(most_ahead <= 8192 + 8 * 1024); // its window, and frames that are open or wait
  CHECK(most_held <= 8192 + 2 * 1024);
  CHECK(world.metrics().records() == 303'000);
}

TEST_CASE("sources that are all silent for a while go on afterwards, however far they have to go") {
  for (const bool together : {true, false}) {
    leat::graph g{"pausing"};
    world_time time;
    counting a{150'000}, b{150'000};
    a.time = b.time = time;
    a.pauses = {{100, 10s}};
    b.pauses = {{100, together ? 10s : 30s}, {60'000, 20s}};
    auto first = g.from("a", a, leat::event_time_by{time_of_number});
    auto second = g.from("b", b, leat::event_time_by{time_of_number});
    first.merge("meet", second)
        .key_by(support::key_of_item)
        .process("p", support::chained_hash{})
        .to("out", support::discard{});
    leat::testing::simulation world(std::move(g), {});
    *time.world = &world;
    const auto report = world.run();
    INFO((report ? "" : to_string(report.error())));
    REQUIRE(report);
    CHECK(stage(*report, "out").records_in == 300'000);
  }
}

TEST_CASE("one record may become ten thousand, under credit for one") {
  const auto many = [](const item& i) {
    return std::views::iota(std::int64_t{0}, std::int64_t{10'000}) |
           std::views::transform([&i](std::int64_t n) {
             return item{n % 7, i.number, n};
           });
  };
  struct burst {
    using output_type = item;
    void process(const item& i, leat::emitter<item>& out, leat::context&) {
      for (std::int64_t n = 0; n < 10'000; ++n)
        out({n % 7, i.number, n});
    }
  };
  for (const bool by_operator : {false, true})
    support::for_seeds(6, [&, seed = std::uint64_t{0}](dice roll) mutable {
      std::vector<item> got, copy;
      leat::graph g{"expanding"};
      auto in = g.from("in", counting{3});
      const auto finish = [&](auto&& expanded) {
        expanded.to("copy", support::keep<item>{&copy});
        expanded.key_by(support::key_of_item)
            .process("p", support::chained_hash{})
            .key_by(support::key_of_item)
            .process("q", support::chained_hash{})
            .to("out", support::keep<item>{&got});
      };
      if (by_operator) {
        auto expanded = in.key_by(support::key_of_item).process("burst", burst{});
        finish(expanded);
      } else {
        auto expanded = in.flat_map("many", many);
        finish(expanded);
      }
      leat::testing::simulation_options o;
      o.seed = ++seed;
      o.run.parallelism = roll.one_of<std::size_t>({1, 2, 4});
      o.run.frames.records = roll.one_of<std::size_t>({1, 16, 256});
      o.run.credit_limit = roll.one_of({leat::credit{1, 1, 1}, leat::credit{2, 10, 10'000}});
      leat::testing::simulation world(std::move(g), o);
      REQUIRE(world.run());
      std::vector<item> wanted;
      for (std::int64_t i = 0; i < 3; ++i)
        for (std::int64_t n = 0; n < 10'000; ++n)
          wanted.push_back({n % 7, i, n});
      if (by_operator) // its subtasks share the sink
        std::sort(copy.begin(), copy.end(), [](const item& a, const item& b) {
          return std::tie(a.number, a.value) < std::tie(b.number, b.value);
        });
      REQUIRE((copy == wanted));
      const auto rows = reference::source({wanted}, reference::no_time);
      const auto hashed = reference::chained_hash(
          reference::chained_hash(rows, support::key_of_item), support::key_of_item);
      REQUIRE(reference::by_key(got, support::key_of_item) ==
              reference::by_key(reference::records(hashed), support::key_of_item));
    });
}

TEST_CASE("a slow stream is not held back: no record waits for its successor") {
  for (const std::size_t parallelism : {1U, 2U, 4U}) {
    INFO(parallelism);
    leat::graph g{"slow"};
    auto p = g.from("in", counting{200})
                 .key_by(support::number_of_item)
                 .process("p", support::chained_hash{});
    p.merge("meet", p.filter("few", [](const item& i) { return i.number % 9 == 0; }))
        .key_by(support::number_of_item)
        .process("q", support::chained_hash{})
        .window("pane", leat::record_at_a_time{})
        .score("score", support::by_value{})
        .key_by([](const leat::scored<item>& s) { return s.record.key; })
        .window("second", leat::micro_batch{100, 1ms})
        .score("again",
               [] {
                 struct zero {
                   using score_type = float;
                   void predict(std::span<const leat::scored<item>>,
                                std::span<float> scores) const {
                     std::fill(scores.begin(), scores.end(), 0.f);
                   }
                 };
                 return zero{};
               }())
        .to("out", support::discard{});
    leat::testing::simulation_options o;
    o.run.parallelism = parallelism;
    o.run.rate = 10;
    leat::testing::simulation world(std::move(g), o);
    const auto report = world.run();
    REQUIRE(report);
    CHECK(report->latency_p50 < 2'000'000);
    CHECK(stage(*report, "out").records_in == 223);
  }
}
