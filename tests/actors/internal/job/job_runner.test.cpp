#include <leat/internal/job/job_runner.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/files.hpp"
#include "support/made_by.hpp"
#include "support/many_stages.hpp"

#include <functional>

using support::dice;
using support::fault_place;
using support::item;
using support::planted_fault;
using support::temporary_folder;

namespace {

constexpr std::int64_t records = 600;

leat::run_options some_options(dice& roll) {
  leat::run_options o;
  o.parallelism = roll.one_of<std::size_t>({1, 2, 3});
  o.workers = 2;
  o.frames.records = roll.one_of<std::size_t>({1, 16, 256});
  o.batchings.emplace("pane", roll.coin() ? leat::any_batching(leat::record_at_a_time{})
                                          : leat::any_batching(leat::micro_batch{}));
  return o;
}

// What restart policies were asked.
struct asked_policy {
  std::uint64_t attempts; // that may be made
  std::vector<std::uint64_t> terms = {};
  std::vector<leat::job_outcome> outcomes = {};
  std::function<void()> then = [] {};

  leat::restart_policy policy() {
    return [this](std::uint64_t term,
                  const leat::job_outcome& how) -> std::optional<std::chrono::nanoseconds> {
      terms.push_back(term);
      outcomes.push_back(how);
      then();
      if (term < attempts)
        return std::chrono::nanoseconds{0};
      return {};
    };
  }
};

void wait_until(const std::function<bool()>& holds) {
  while (!holds())
    std::this_thread::yield();
}

// The attempts of a job, each of which comes to its middle and waits.
struct stages_of_attempts {
  std::atomic<int> begun = 0;   // attempts
  std::atomic<int> allowed = 0; // to go on from the middle: the first ones
  std::function<void()> copied; // called once, where a stage is made
};

// Fails in its middle, except in the last attempt.
struct attempted_numbers {
  using record_type = item;
  stages_of_attempts* shared;
  int attempts;
  int number = -1; // of the attempt
  std::int64_t next = 0;

  attempted_numbers(stages_of_attempts& s, int a) : shared(&s), attempts(a) {}
  attempted_numbers(const attempted_numbers& other)
      : shared(other.shared), attempts(other.attempts) {
    if (shared->copied)
      std::exchange(shared->copied, {})();
  }

  leat::pull_status pull(std::size_t demand, leat::emitter<item>& out) {
    if (number < 0)
      number = shared->begun++;
    const bool in_middle = next >= records / 2;
    if (in_middle && shared->allowed <= number)
      return leat::pull_status::idle(std::chrono::milliseconds{1});
    if (in_middle && number + 1 < attempts)
      throw leat::failure(leat::external_error("attempt " + std::to_string(number + 1)));
    for (; demand > 0 && next < (in_middle ? records : records / 2); --demand, ++next)
      out({next % 7, next, next});
    return next < records ? leat::pull_status::more() : leat::pull_status::done();
  }
};

// A sink that notes which epochs end before it.
struct epochs {
  std::mutex mutex;
  std::vector<leat::epoch> all;
  std::vector<leat::epoch> get() {
    const std::lock_guard lock(mutex);
    return all;
  }
};
class epoch_stage final : public leat::stage {
public:
  explicit epoch_stage(epochs& to) : to_(to) {}
  void consume(std::size_t, leat::frame&, std::size_t& next, std::size_t end) override {
    next = end;
  }
  bool at_barrier(const leat::barrier& b) override {
    const std::lock_guard lock(to_.mutex);
    to_.all.push_back(b.epoch);
    return true;
  }

private:
  epochs& to_;
};

leat::graph attempted(stages_of_attempts& shared, int attempts, epochs& seen) {
  leat::graph g{"attempted"};
  g.from("in", attempted_numbers{shared, attempts})
      .window("pane", leat::micro_batch{8})
      .score("risk", support::by_value{})
      .map("plain", support::record_of)
      .to("out", support::discard{});
  g.plan().stages.back().maker =
      support::made_by([&seen] { return std::make_unique<epoch_stage>(seen); });
  return g;
}

leat::command batching(const leat::any_batching& b) {
  return {"pane", leat::batching_verb, b.text()};
}

} // namespace

TEST_CASE("an attempt after others runs as the first would have") {
  support::for_seeds(40, [](dice roll) {
    const temporary_folder folder;
    const std::string out = folder / "out.jsonl";
    const auto options = some_options(roll);
    REQUIRE(leat::run(many_stages(records, out, {}, fault_place::source), options));
    const std::string expected = support::content_of(out);
    REQUIRE(expected.size() > records * 20);
    std::filesystem::remove(out);

    const planted_fault fault{folder.path(), roll(0, records)};
    const auto where = static_cast<fault_place>(roll(0, support::fault_places));
    const int faults = roll(1, 4);
    fault.plant(faults);
    INFO("at " << fault.at << " in place " << static_cast<int>(where));
    asked_policy asked{10};
    std::vector<std::size_t> left; // files in the folder, after a fault
    asked.then = [&] { left.push_back(folder.size()); };
    const auto job =
        leat::job_runner::start(many_stages(records, out, fault, where), options, asked.policy());
    REQUIRE(job);
    const auto done = (*job)->wait();
    REQUIRE(done);
    CHECK(support::content_of(out) == expected);
    CHECK(folder.size() == 1);
    CHECK((*job)->metrics().records() == records);
    REQUIRE(asked.terms.size() == static_cast<std::size_t>(faults));
    for (int n = 0; n < faults; ++n) {
      const auto i = static_cast<std::size_t>(n);
      CHECK(asked.terms[i] == i + 1);
      CHECK(asked.outcomes[i].fault->what == "planted");
      CHECK(left[i] == static_cast<std::size_t>(faults - 1 - n)); // faults that are still planted
    }
  });
}

TEST_CASE("a job whose policy says so ends with the fault of its last attempt") {
  const temporary_folder folder;
  const planted_fault fault{folder.path(), 50};
  fault.plant(3);
  asked_policy asked{2};
  const auto job = leat::job_runner::start(
      many_stages(records, folder / "out.jsonl", fault, fault_place::operation), {},
      asked.policy());
  REQUIRE(job);
  const auto done = (*job)->wait();
  REQUIRE_FALSE(done);
  CHECK(done.error().what == "planted");
  CHECK(done.error().stage == "totals");
  CHECK((*job)->began());
  CHECK(asked.terms == std::vector<std::uint64_t>{1, 2});
  CHECK(folder.size() == 1); // the third fault
}

TEST_CASE("epochs go on from attempt to attempt") {
  constexpr int attempts = 3;
  stages_of_attempts shared;
  epochs seen;
  asked_policy asked{10};
  const auto job = leat::job_runner::start(attempted(shared, attempts, seen), {}, asked.policy());
  REQUIRE(job);
  std::vector<leat::epoch> expected;
  for (int n = 0; n < attempts; ++n) {
    wait_until([&] { return shared.begun > n; });
    for (const std::size_t count : {4U, 100U}) {
      REQUIRE((*job)->give(batching(leat::micro_batch{count})).get());
      expected.push_back(expected.size() + 1);
    }
    wait_until([&] { return seen.get().size() == expected.size(); });
    shared.allowed = n + 1;
  }
  REQUIRE((*job)->wait());
  CHECK(seen.get() == expected);
  REQUIRE(asked.outcomes.size() == 2);
  CHECK(asked.outcomes[0].last_epoch == 2);
  CHECK(asked.outcomes[1].last_epoch == 4);
}

TEST_CASE("between two attempts commands are refused, and who stops the job ends it") {
  enum class action { command, stop, abort, make_fails };
  for (const action what : {action::command, action::stop, action::abort, action::make_fails}) {
    stages_of_attempts shared;
    epochs seen;
    asked_policy asked{2};
    leat::job_runner* running = nullptr;
    std::optional<leat::result<void>> refused;
    asked.then = [&] {
      shared.copied = [&] { // where the next attempt is made
        if (what == action::make_fails)
          throw std::runtime_error("no second one");
        if (what == action::abort)
          running->abort();
        else
          refused = running
                        ->give(what == action::stop ? leat::command{{}, leat::stop_verb, {}}
                                                    : batching(leat::batch{}))
                        .get();
      };
    };
    const auto job = leat::job_runner::start(attempted(shared, 2, seen), {}, asked.policy());
    REQUIRE(job);
    running = job->get();
    shared.allowed = 2;
    const auto done = running->wait();
    if (refused) {
      REQUIRE_FALSE(*refused);
      CHECK(refused->error().what == "the job is between two attempts");
    }
    CHECK(refused.has_value() == (what == action::command || what == action::stop));
    CHECK(static_cast<bool>(done) == (what == action::command));
    CHECK(shared.begun == (what == action::command ? 2 : 1));
    if (!done)
      CHECK(done.error().what == (what == action::make_fails
                                      ? "the stages cannot be made again: no second one"
                                      : "attempt 1"));
    const auto late = running->give(batching(leat::batch{})).get();
    REQUIRE_FALSE(late);
    CHECK(late.error().what == "the job has ended");
  }
}

TEST_CASE("no attempt follows one that was stopped or aborted") {
  for (const bool stops : {true, false}) {
    stages_of_attempts shared;
    epochs seen;
    asked_policy asked{10};
    const auto job = leat::job_runner::start(attempted(shared, 2, seen), {}, asked.policy());
    REQUIRE(job);
    wait_until([&] { return shared.begun == 1; });
    if (stops)
      CHECK((*job)->give({{}, leat::stop_verb, {}}).get());
    else
      (*job)->abort();
    CHECK(static_cast<bool>((*job)->wait()) == stops);
    CHECK(shared.begun == 1);
  }
}

TEST_CASE("who waits for room for dead letters is let go, and waits again in the next attempt") {
  // Has no room until it is told so.
  struct full final : leat::dead_letter_sink {
    mutable std::mutex mutex;
    std::condition_variable changed;
    bool room = false, abandoned = false;
    int waited = 0, let_go = 0;
    std::uint64_t kept = 0;
    void put(leat::dead_letter) override {
      std::unique_lock lock(mutex);
      ++waited;
      changed.notify_all();
      changed.wait(lock, [&] { return room || abandoned; });
      if (!room) {
        ++let_go;
        throw leat::failure(leat::user_error("full"));
      }
      ++kept;
    }
    std::uint64_t count() const override { return kept; }
    void abandon() override {
      const std::lock_guard lock(mutex);
      abandoned = true;
      changed.notify_all();
    }
    void resume() override {
      const std::lock_guard lock(mutex);
      abandoned = false;
    }
    void wait_for(int times) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return waited >= times; });
    }
  };
  struct rejecting {
    using output_type = item;
    leat::result<void> process(const item&, leat::emitter<item>&, leat::context&) {
      return leat::user_error("no");
    }
  };
  full letters;
  stages_of_attempts shared;
  asked_policy asked{10};
  leat::graph g{"letters"};
  g.from("in", attempted_numbers{shared, 2}).to("reads", support::discard{});
  g.from("one", support::given<item>{support::numbered(1)})
      .key_by(support::key_of_item)
      .process("rejects", rejecting{})
      .to("out", support::discard{});
  leat::run_options o;
  o.workers = 3;
  o.dead_letters = &letters;
  const auto job = leat::job_runner::start(std::move(g), o, asked.policy());
  REQUIRE(job);
  letters.wait_for(1);
  shared.allowed = 2; // the first attempt fails
  letters.wait_for(2);
  CHECK(letters.let_go == 1);
  CHECK_FALSE((*job)->wait_for(std::chrono::milliseconds{1}));
  {
    const std::lock_guard lock(letters.mutex);
    letters.room = true;
    letters.changed.notify_all();
  }
  CHECK((*job)->wait());
  CHECK(letters.kept == 1);
  CHECK(asked.terms == std::vector<std::uint64_t>{1});
}
