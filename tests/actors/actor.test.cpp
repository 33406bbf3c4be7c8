#include <leat/actor.hpp>

#include <leat/internal/observe/stalls.hpp>
#include <leat/job.hpp>
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"
#include "support/letters.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <deque>

using support::item;
using support::numbered;

namespace {

// For some records it asks itself, by a message of its own, and goes on with the answer; now and
// then it says something that no record asked for.
struct asking : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  caf::behavior own_messages() override {
    return {[this](std::int64_t number) {
              emit({key_, number, 1});
              unpause();
            },
            [this](std::string text) {
              emit({-1, static_cast<std::int64_t>(text.size()), 2});
            }};
  }
  void process(const item& i, leat::emitter<item>& out) {
    if (i.number % 11 == 0)
      send(this, std::string("hello"));
    if (i.number % 3 != 0)
      return out({i.key, i.number, 0});
    key_ = i.key;
    pause();
    send(this, i.number);
  }
  void finish(leat::emitter<item>& out) { out({-2, 0, 3}); }
  std::int64_t key_ = 0;
};

struct adding : leat::stage_actor<item, item> {
  adding(caf::actor_config& config, leat::actor_context at, std::int64_t by)
      : stage_actor(config, std::move(at)), by_(by) {}
  void process(const item& i, leat::emitter<item>& out) { out({i.key, i.number, i.value + by_}); }
  std::int64_t by_;
};

struct quitting : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  void process(const item& i, leat::emitter<item>& out) {
    if (i.number == 50)
      quit();
    out(i);
  }
};

struct throwing : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  caf::behavior own_messages() override {
    return {[](std::string text) { throw std::runtime_error(text); }};
  }
  void process(const item& i, leat::emitter<item>& out) {
    if (i.number != 50)
      return out(i);
    pause();
    send(this, std::string("no more"));
  }
};

// What it is sent before its job has begun waits; what it emits by itself then is too early.
struct early : leat::stage_actor<item, item> {
  early(caf::actor_config& config, leat::actor_context at, bool too_early)
      : stage_actor(config, std::move(at)) {
    send(this, 1);
    if (too_early)
      emit({});
  }
  caf::behavior own_messages() override {
    return {[this](int) { emit({7, 7, 7}); }};
  }
  void process(const item& i, leat::emitter<item>& out) { out(i); }
};

// Answers later and in another order, and sometimes with an error.
struct oracle_state {
  std::deque<std::pair<caf::response_promise, std::int64_t>> asked;
};
caf::behavior oracle(caf::stateful_actor<oracle_state>* self) {
  return {[self](std::int64_t number) {
            auto& asked = self->state.asked;
            asked.emplace_back(self->make_response_promise(), number);
            self->delayed_send(self, std::chrono::milliseconds{number % 5}, number % 2 == 0);
            return caf::delegated<std::int64_t>{};
          },
          [self](bool newest) {
            auto& asked = self->state.asked;
            auto [promise, number] = newest ? asked.back() : asked.front();
            newest ? asked.pop_back() : asked.pop_front();
            if (number % 7 == 0)
              promise.deliver(caf::make_error(caf::sec::runtime_error, "unlucky"));
            else
              promise.deliver(2 * number);
          }};
}

// [region outstanding]
// Asks for each record and goes on: answers come in any order, some after the last record.
struct asking_ahead : leat::stage_actor<item, item> {
  asking_ahead(caf::actor_config& config, leat::actor_context at)
      : stage_actor(config, std::move(at)), oracle_(spawn(oracle)) {}

  void process(const item& i, leat::emitter<item>&) {
    if (++outstanding_ == most)
      pause(); // or what is outstanding would grow without bound
    request(oracle_, caf::infinite, i.number)
        .then(
            [this, i](std::int64_t answer) {
              emit({i.key, i.number, answer});
              answered();
            },
            [this, i, at = here()](const caf::error& why) {
              reject(i, leat::user_error("no answer: " + system().render(why)), at);
              answered();
            });
  }
  void finish(leat::emitter<item>&) {
    ended_ = true;
    if (outstanding_ > 0)
      pause(); // the end waits for the answers
  }

private:
  static constexpr int most = 100;
  void answered() {
    if (--outstanding_ == 0 || !ended_)
      unpause();
  }
  caf::actor oracle_;
  int outstanding_ = 0;
  bool ended_ = false;
};
// [end]

// An hour for each record.
struct patient : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  caf::behavior own_messages() override {
    return {[this](std::int64_t) {
      emit(item_);
      unpause();
    }};
  }
  void process(const item& i, leat::emitter<item>&) {
    item_ = i;
    pause();
    delayed_send(this, std::chrono::hours{1}, i.number);
  }
  item item_;
};

struct unprepared : leat::stage_actor<item, item> {
  unprepared(caf::actor_config& config, leat::actor_context at)
      : stage_actor(config, std::move(at)), oracle_(spawn(oracle)) {}
  void process(const item& i, leat::emitter<item>&) {
    pause();
    request(oracle_, caf::infinite, i.number).then([this](std::int64_t) { unpause(); });
  }
  caf::actor oracle_;
};

struct waiting : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  static constexpr bool blocking = true;
  void process(const item& i, leat::emitter<item>& out) { out(i); }
};

template <class Factory>
leat::error fault_of(Factory factory) {
  std::vector<item> got;
  leat::graph g("faults");
  g.from("items", support::given<item>{numbered(1000)})
      .via("own", std::move(factory))
      .to("out", support::keep<item>{&got});
  const auto ended = leat::run(std::move(g));
  REQUIRE_FALSE(ended);
  return ended.error();
}

// Records, and what was said besides, apart.
std::vector<item> of_records(std::vector<item> all) {
  std::erase_if(all, [](const item& i) { return i.value > 1; });
  return all;
}

// Never goes on.
struct stuck : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  void process(const item&, leat::emitter<item>&) { pause(); }
};

// Waits a while for each record.
struct pausing : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  caf::behavior own_messages() override {
    return {[this](caf::ok_atom) { unpause(); }};
  }
  void process(const item& i, leat::emitter<item>& out) {
    out(i);
    pause();
    delayed_send(this, std::chrono::milliseconds{1}, caf::ok_atom::value);
  }
};

} // namespace

TEST_CASE("an actor of the user's own in mid-graph, whoever runs when") {
  support::for_seeds(150, [](support::dice roll) {
    const auto count = roll(0, 300);
    std::vector<item> got;
    leat::graph g("asking");
    auto all = g.from("items", support::given<item>{numbered(count)})
                   .via("own", leat::actor<asking>(), {roll.size(0, 2)});
    std::move(all)
        .window("pane", leat::micro_batch{16, std::chrono::milliseconds{1}})
        .score("zero", [](const item&) { return 0.f; })
        .map("item", [](const leat::scored<item>& s) { return s.record; })
        .to("out", support::keep<item>{&got}, {0, leat::order::by_stamp});
    leat::testing::simulation_options options;
    options.seed = static_cast<std::uint64_t>(roll(0, 1 << 30));
    options.run.frames.records = roll.size(1, 20);
    options.run.credit_limit = {roll(1, 4), roll(1, 50), 100'000};
    leat::testing::simulation world(std::move(g), options);
    for (int steps = roll(0, 500); steps > 0 && world.step(); --steps) {
    }
    if (!world.over())
      world.set_batching("pane", leat::record_at_a_time{});
    const auto ended = world.run();
    REQUIRE(static_cast<bool>(ended));

    std::vector<item> wanted;
    for (const item& i : numbered(count))
      wanted.push_back({i.key, i.number, i.number % 3 == 0 ? 1 : 0});
    REQUIRE(of_records(got) == wanted);
    const auto said = [&](std::int64_t what) {
      return std::count_if(got.begin(), got.end(), [&](const item& i) { return i.value == what; });
    };
    REQUIRE(said(2) <= (count + 10) / 11); // what comes behind the end is not heard
    REQUIRE(said(3) == 1);
  });
}

TEST_CASE("actors of the user's own by key, with arguments, in several subtasks") {
  support::for_seeds(50, [](support::dice roll) {
    std::vector<item> got;
    leat::graph g("adding");
    g.from("items", support::given<item>{numbered(500)})
        .key_by(support::key_of_item, 3)
        .via("add", leat::actor<adding>(std::int64_t{5}))
        .to("out", support::keep<item>{&got}, {0, leat::order::by_stamp});
    leat::testing::simulation_options options;
    options.seed = static_cast<std::uint64_t>(roll(0, 1 << 30));
    options.apart = roll.coin();
    leat::testing::simulation world(std::move(g), options);
    REQUIRE(static_cast<bool>(world.run()));
    std::vector<item> wanted;
    for (const item& i : numbered(500))
      wanted.push_back({i.key, i.number, 5});
    REQUIRE(got == wanted);
  });
}

TEST_CASE("an actor that does not do as a stage's should stops the job, with its name") {
  const auto quit = fault_of(leat::actor<quitting>());
  CHECK(quit.stage == "own");
  CHECK(quit.what.find("its actor ended before its stream did") == 0);
  const auto thrown = fault_of(leat::actor<throwing>());
  CHECK(thrown.stage == "own");
  CHECK(thrown.what == "no more");
  const auto in_constructor = fault_of(leat::actor<early>(true));
  CHECK(in_constructor.stage == "own");
  CHECK(in_constructor.what.find("it emits or pauses in its constructor") != std::string::npos);
}

TEST_CASE("the end waits for outstanding answers, and an answer may reject its record") {
  support::for_seeds(50, [](support::dice roll) {
    const auto count = roll(0, 400);
    std::vector<item> got;
    support::kept_letters dead_letters;
    leat::graph g("asking ahead");
    g.from("items", support::given<item>{numbered(count)})
        .via("spread", leat::actor<adding>(std::int64_t{0}), {2}) // so that edges carry stamps
        .via("ask", leat::actor<asking_ahead>(), {1})
        .to("out", support::keep<item>{&got}, {0, leat::order::by_stamp});
    leat::testing::simulation_options options;
    options.seed = static_cast<std::uint64_t>(roll(0, 1 << 30));
    options.run.dead_letters = &dead_letters;
    options.run.frames.records = roll.size(1, 20);
    leat::testing::simulation world(std::move(g), options);
    const auto ended = world.run();
    REQUIRE(static_cast<bool>(ended));

    std::size_t unlucky = 0;
    std::vector<item> wanted;
    for (const item& i : numbered(count))
      if (i.number % 7 == 0)
        ++unlucky;
      else
        wanted.push_back({i.key, i.number, 2 * i.number});
    std::ranges::sort(got, {}, &item::number); // answers come as they come
    REQUIRE(got == wanted);
    REQUIRE(dead_letters.letters.size() == unlucky);
    for (const auto& letter : dead_letters.letters) {
      REQUIRE(letter.stage == "ask");
      REQUIRE(letter.reason.find("no answer: ") == 0);
      REQUIRE(letter.place.find("record ") != std::string::npos);
      REQUIRE(letter.raw.find("\"number\":") != std::string::npos);
    }
  });
}

TEST_CASE("a request that fails and has no handler for errors is named as the fault") {
  const auto failed = fault_of(leat::actor<unprepared>());
  CHECK(failed.stage == "own");
  CHECK(failed.what.find("a request of its actor failed: ") == 0);
  CHECK(failed.what.find("unlucky") != std::string::npos);
  CHECK(failed.hint.find("handler for errors") != std::string::npos);
}

TEST_CASE("delayed messages of the user's actors take no real time in simulation") {
  std::vector<item> got;
  leat::graph g("hours");
  g.from("items", support::given<item>{numbered(20)})
      .via("wait", leat::actor<patient>())
      .to("out", support::keep<item>{&got});
  leat::testing::simulation world(std::move(g));
  REQUIRE(static_cast<bool>(world.run()));
  CHECK(got == numbered(20));
}

TEST_CASE("own messages from before the job has begun are not lost") {
  support::for_seeds(30, [](support::dice roll) {
    std::vector<item> got;
    leat::graph g("early");
    g.from("items", support::given<item>{numbered(100)})
        .via("own", leat::actor<early>(false))
        .to("out", support::keep<item>{&got});
    leat::testing::simulation_options options;
    options.seed = static_cast<std::uint64_t>(roll(0, 1 << 30));
    leat::testing::simulation world(std::move(g), options);
    REQUIRE(static_cast<bool>(world.run()));
    REQUIRE(got.size() == 101);
    REQUIRE(std::count(got.begin(), got.end(), item{7, 7, 7}) == 1);
  });
}

TEST_CASE("a stage actor in an actor system of the program's own talks to its other actors") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  std::vector<item> got;
  leat::graph g("own system");
  g.from("items", support::given<item>{numbered(1000)})
      .via("own", leat::actor_in<adding>(system, std::int64_t{1}))
      .via("thread", leat::actor<waiting>())
      .to("out", support::keep<item>{&got});
  const auto ended = leat::run(std::move(g));
  REQUIRE(static_cast<bool>(ended));
  CHECK(got.size() == 1000);

  leat::graph with_workers("workers");
  with_workers.from("items", support::given<item>{})
      .via("own", leat::actor_in<adding>(system, std::int64_t{1}))
      .to("out", support::keep<item>{&got});
  leat::run_options options;
  options.local_workers = 1;
  const auto refused = leat::run(std::move(with_workers), options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find("cannot have workers") != std::string::npos);

  caf::actor_system_config other_config;
  caf::actor_system other{other_config};
  leat::graph in_two("two systems");
  in_two.from("items", support::given<item>{})
      .via("one", leat::actor_in<adding>(system, std::int64_t{1}))
      .via("two", leat::actor_in<adding>(other, std::int64_t{1}))
      .to("out", support::keep<item>{&got});
  const auto divided = leat::run(std::move(in_two));
  REQUIRE_FALSE(divided);
  CHECK(divided.error().what.find("\"two\"") != std::string::npos);
}

TEST_CASE(
    "an actor that waits for answers is named as who holds the job up, though all fits into the "
    "credit") {
  std::vector<item> got;
  leat::graph g{"fits"};
  g.from("in", support::given<item>{numbered(500)})
      .via("desk", leat::actor<pausing>())
      .to("out", support::keep<item>{&got});
  leat::testing::simulation world(std::move(g));
  const auto metrics = world.run();
  REQUIRE(static_cast<bool>(metrics));
  CHECK(got.size() == 500);
  CHECK(leat::stalls_between({}, *metrics).empty());
  const auto busiest = leat::busiest_between({}, *metrics);
  REQUIRE(busiest);
  CHECK(busiest->stage->name == "desk");
  CHECK(busiest->share > 0.9);
  for (const leat::stage_metrics& s : metrics->stages)
    CHECK(s.running == 0);
}

TEST_CASE("a paused actor is seen to be paused, and a job that stops to wait for it") {
  leat::graph g{"silent"};
  g.from("in", support::given<item>{numbered(10)})
      .via("desk", leat::actor<stuck>())
      .to("out", support::discard{});
  leat::testing::simulation world(std::move(g));
  while (world.step()) {
  }
  CHECK_FALSE(world.over());
  const auto metrics = world.metrics();
  REQUIRE(metrics.stages.size() == 3);
  CHECK(metrics.stages[0].running == 0);
  CHECK(metrics.stages[1].running == 1);
  CHECK(metrics.stages[1].paused > std::chrono::nanoseconds{0});
  CHECK(metrics.stages[0].paused == std::chrono::nanoseconds{0});
}
