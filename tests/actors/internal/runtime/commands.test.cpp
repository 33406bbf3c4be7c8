// Commands on their way to a barrier: prepared on all subtasks, or refused on all.
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"
#include "support/made_by.hpp"

using support::dice;
using support::item;

namespace {

constexpr std::size_t subtasks = 4;

// What the subtasks of a stage did.
struct record_of_versions {
  std::map<std::int64_t, std::string> version; // that a record met, by its number
  std::vector<std::string> applied[subtasks];
  std::shared_ptr<int> resource = std::make_shared<int>(); // held by whatever is prepared

  bool holds_nothing() const { return resource.use_count() == 1; }
};
using versions = std::shared_ptr<record_of_versions>;

// A sink that takes "version". The payload is the version, or says which subtask cannot load it.
class versioned final : public leat::stage {
public:
  explicit versioned(versions to) : to_(std::move(to)) {}

  void consume(std::size_t, leat::frame& f, std::size_t& next, std::size_t end) override {
    for (; next < end; ++next)
      to_->version[f.as<item>()[next].number] = version_;
  }

  leat::result<leat::command_effect> prepare(const leat::command& c) override {
    if (c.payload == "throws")
      throw std::runtime_error("no memory");
    if (c.payload == "fails on " + std::to_string(services_.subtask))
      return leat::user_error("no such version");
    return leat::command_effect([this, next = c.payload, resource = to_->resource] {
      version_ = next;
      to_->applied[services_.subtask].push_back(next);
    });
  }

private:
  versions to_;
  std::string version_;
};

struct counting {
  using record_type = item;
  std::int64_t end;
  std::int64_t next = 0;
  leat::pull_status pull(std::size_t demand, leat::emitter<item>& out) {
    for (; demand > 0 && next < end; --demand, ++next)
      out({next % 10, next, next});
    return next < end ? leat::pull_status::more() : leat::pull_status::done();
  }
};
constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();

void add_branch(leat::graph& g, const std::string& from, std::int64_t records,
                const std::string& to, versions into) {
  g.from(from, counting{records}).to(to, support::discard{}, {.parallelism = subtasks});
  leat::plan_stage& sink = g.plan().stages.back();
  sink.verbs = {"version"};
  sink.maker = support::made_by([into] { return std::make_unique<versioned>(into); });
}

leat::graph one_branch(versions into) {
  leat::graph g{"commanded"};
  add_branch(g, "in", endless, "out", std::move(into));
  return g;
}

leat::testing::simulation_options some_way_to_run(dice& roll, std::uint64_t seed) {
  leat::testing::simulation_options o;
  o.seed = seed;
  o.apart = roll.coin();
  o.run.frames.records = roll.size(1, 20);
  o.run.credit_limit.records = roll(1, 60);
  return o;
}

void some_steps(leat::testing::simulation& world, int steps) {
  while (steps-- > 0 && world.step()) {
  }
}

// True if each record met the version of its own epoch: a barrier stands between the same two
// records for all subtasks.
bool cut_alike(const record_of_versions& got, const std::vector<std::string>& accepted) {
  std::size_t now = 0; // of the accepted versions, those that are in effect
  for (const auto& [number, version] : got.version) {
    while (version != (now == 0 ? "" : accepted[now - 1]))
      if (now++ == accepted.size())
        return false;
  }
  return true;
}

} // namespace

TEST_CASE("commands take effect on all subtasks at one barrier and in their order, or nowhere") {
  std::size_t refused = 0, in_queue = 0;
  support::for_seeds(300, [&, seed = std::uint64_t{0}](dice roll) mutable {
    const auto got = std::make_shared<record_of_versions>();
    leat::testing::simulation world(one_branch(got), some_way_to_run(roll, ++seed));
    std::vector<std::pair<std::string, std::future<leat::result<void>>>> given;
    for (int n = roll(0, 12); n > 0; --n) {
      some_steps(world, roll.coin() ? 0 : roll(0, 400)); // without steps it is being prepared still
      std::string payload = roll(0, 3) == 0 ? "fails on " + std::to_string(roll(0, subtasks))
                                            : "v" + std::to_string(n);
      auto outcome = world.command(roll.coin() ? "out" : "", "version", payload);
      given.emplace_back(std::move(payload), std::move(outcome));
    }
    world.stop(); // stands behind those that are not prepared yet
    auto late = world.command("out", "version", "late");
    const auto report = world.run();
    if (!report)
      FAIL(to_string(report.error()));

    std::vector<std::string> accepted;
    for (auto& [payload, outcome] : given) {
      const auto how = outcome.get();
      const bool good = payload.starts_with("v");
      REQUIRE(static_cast<bool>(how) == good);
      if (good) {
        accepted.push_back(payload);
      } else {
        CHECK(how.error().what == "no such version");
        CHECK(how.error().stage == "out");
        ++refused;
      }
    }
    for (const auto& applied : got->applied)
      REQUIRE(applied == accepted);
    REQUIRE(got->version.size() == report->records());
    REQUIRE(cut_alike(*got, accepted));
    REQUIRE(got->holds_nothing());
    in_queue += given.size() > 1;
    const auto too_late = late.get();
    REQUIRE(!too_late);
    CHECK(too_late.error().what == "command \"version\" comes too late");
  });
  CHECK(refused > 100);
  CHECK(in_queue > 100);
}

TEST_CASE("a refused command is let go at once, and changes nothing") {
  const auto got = std::make_shared<record_of_versions>();
  leat::testing::simulation world(one_branch(got), {});
  some_steps(world, 300);
  auto outcome = world.command("out", "version", "fails on 2");
  while (outcome.wait_for(std::chrono::seconds{0}) != std::future_status::ready)
    REQUIRE(world.step());
  CHECK(!outcome.get());
  some_steps(world, 300);
  CHECK(got->holds_nothing());
  const std::size_t before = got->version.size();
  some_steps(world, 300);
  CHECK(got->version.size() > before); // the job goes on
  for (const auto& applied : got->applied)
    CHECK(applied.empty());
}

TEST_CASE("what no stage takes is refused before it is sent") {
  const auto got = std::make_shared<record_of_versions>();
  leat::testing::simulation world(one_branch(got), {});
  const auto refused = [&](std::string stage, std::string verb) {
    auto outcome = world.command(std::move(stage), std::move(verb));
    REQUIRE(outcome.wait_for(std::chrono::seconds{0}) == std::future_status::ready);
    const auto how = outcome.get();
    REQUIRE(!how);
    return how.error().what + ": " + how.error().hint;
  };
  CHECK(refused("out", "model") == "stage \"out\" has no command \"model\": it takes: version");
  CHECK(refused("in", "version") == "stage \"in\" has no command \"version\": it takes: stop");
  CHECK(refused("", "model") == "the job has no command \"model\": it takes: stop, version");
  CHECK(refused("nowhere", "version") ==
        "there is no stage \"nowhere\": stages that take \"version\": out");
  CHECK(refused("nowhere", "model") ==
        "there is no stage \"nowhere\": stages that take \"model\": none");
}

TEST_CASE("a stage that has ended refuses commands, while others go on") {
  const auto first = std::make_shared<record_of_versions>();
  const auto second = std::make_shared<record_of_versions>();
  leat::graph g{"commanded"};
  add_branch(g, "short", 10, "a", first);
  add_branch(g, "long", endless, "b", second);
  leat::testing::simulation world(std::move(g), {});
  some_steps(world, 2000);
  auto late = world.command("a", "version", "v1");
  auto taken = world.command("", "version", "v2"); // of the subtasks that are left
  some_steps(world, 2000);
  const auto too_late = late.get();
  REQUIRE(!too_late);
  CHECK(too_late.error().what == "command \"version\" comes too late");
  CHECK(taken.get());
  for (std::size_t i = 0; i < subtasks; ++i) {
    CHECK(first->applied[i].empty());
    CHECK(second->applied[i] == std::vector<std::string>{"v2"});
  }
  auto stopped = world.command("long", "stop");
  CHECK(world.run());
  CHECK(stopped.get());
  const auto over = world.command("b", "version", "v3").get();
  REQUIRE(!over);
  CHECK(over.error().what == "the job has ended");
}

TEST_CASE("a stage that ends while it is asked keeps no command waiting") {
  std::size_t in_time = 0, too_late = 0;
  support::for_seeds(200, [&, seed = std::uint64_t{0}](dice roll) mutable {
    const auto first = std::make_shared<record_of_versions>();
    const auto second = std::make_shared<record_of_versions>();
    leat::graph g{"commanded"};
    add_branch(g, "short", roll(1, 100), "a", first);
    add_branch(g, "long", endless, "b", second);
    leat::testing::simulation world(std::move(g), some_way_to_run(roll, ++seed));
    some_steps(world, roll(0, 400));
    auto ending = world.command("a", "version", "v1");
    auto next = world.command("b", "version", "v2");
    world.stop(); // waits for both
    if (const auto report = world.run(); !report)
      FAIL(to_string(report.error()));
    CHECK(next.get());
    for (const auto& applied : second->applied)
      CHECK(applied == std::vector<std::string>{"v2"});
    const auto how = ending.get();
    ++(how ? in_time : too_late);
    if (!how)
      CHECK(how.error().what == "command \"version\" comes too late");
    for (const auto& applied : first->applied)
      CHECK(applied.size() <= (how ? 1U : 0U));
    CHECK((first->holds_nothing() && second->holds_nothing()));
  });
  CHECK(in_time > 20);
  CHECK(too_late > 20);
}

TEST_CASE("a job that fails refuses what it has not injected") {
  support::for_seeds(100, [seed = std::uint64_t{0}](dice roll) mutable {
    const auto got = std::make_shared<record_of_versions>();
    leat::testing::simulation world(one_branch(got), some_way_to_run(roll, ++seed));
    some_steps(world, roll(0, 400));
    const bool throws = roll.coin();
    auto first = world.command("out", "version", throws ? "throws" : "v1");
    auto second = world.command("out", "version", "v2");
    if (!throws)
      world.abort();
    const auto report = world.run();
    REQUIRE(!report);
    const std::string why = "the job has failed: " + report.error().what;
    const auto how = first.get();
    const auto next = second.get();
    if (throws || !how) {
      REQUIRE(!how);
      CHECK(how.error().what == why);
      REQUIRE(!next);
      CHECK(next.error().what == why);
    }
    if (throws)
      CHECK(report.error().stage == "out");
  });
}
