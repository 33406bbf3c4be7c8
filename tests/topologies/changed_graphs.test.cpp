// A job that goes on from a checkpoint with another graph: stages that are the same go on, new ones
// begin anew, and those that are gone are forgotten.
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"
#include "support/ledger.hpp"

#include <algorithm>

using support::dice;
using support::item;

namespace {

constexpr std::int64_t count = 2000;

// Adds the number of records of its key so far, in steps of this.
struct counting {
  using output_type = item;
  std::int64_t step;
  leat::value_state<std::int64_t> seen = {};
  void open(leat::setup& setup) { seen = setup.value<std::int64_t>("seen"); }
  void process(const item& i, leat::emitter<item>& out, leat::context& ctx) {
    out({i.key, i.number, i.value + step * ++ctx.edit(seen)});
  }
};

enum class kind { plain, with_stage, with_other_source };

struct world {
  dice roll;
  leat::testing::simulated_disk disk{roll.seed()};
  std::shared_ptr<support::published<item>> outside = std::make_shared<support::published<item>>();
  leat::testing::simulation_options options = {};

  static support::given_splits<item> numbers(std::int64_t first) {
    support::given_splits<item> source;
    source.all.resize(2);
    for (std::int64_t n = 0; n < count; ++n)
      source.all[static_cast<std::size_t>(n % 2)].records.push_back({n % 5, first + n, 0});
    return source;
  }

  static auto times() {
    return leat::event_time_by{
        [](const item& i) { return leat::from_micros(i.number % 1'000'000); },
        std::chrono::microseconds{0}};
  }

  leat::graph graph(kind which) {
    leat::graph g{"changing"};
    const auto key = [](const item& i) { return i.key; };
    auto counted = [&] {
      if (which != kind::with_other_source)
        return g.from("numbers", numbers(0), times()).key_by(key).process("ones", counting{1});
      auto more = g.from("more", numbers(1'000'000), times());
      return g.from("numbers", numbers(0), times())
          .merge("both", std::move(more))
          .key_by(key)
          .process("ones", counting{1});
    }();
    if (which == kind::with_stage)
      std::move(counted)
          .key_by(key)
          .process("thousands", counting{1000})
          .to("out", support::ledger<item>{outside});
    else
      std::move(counted).to("out", support::ledger<item>{outside});
    return g;
  }

  leat::result<leat::job_metrics> run(kind which, bool crashing) {
    options.seed = static_cast<std::uint64_t>(roll(0, 1'000'000'000));
    options.disk = &disk;
    options.run.parallelism = roll.size(1, 4);
    options.run.frames.records = roll.size(1, 20);
    options.run.checkpoints.interval = std::chrono::microseconds{50};
    leat::testing::simulation process(graph(which), options);
    const auto enough = [&] {
      return crashing && !outside->committed.empty() && roll(0, 200) == 0;
    };
    while (!enough() && process.step()) {
    }
    if (!process.over()) {
      process.crash();
      return leat::user_error("crashed");
    }
    return process.run();
  }

  // What was published of the first source, and how many had a new stage.
  std::pair<std::vector<item>, std::size_t> published() const {
    std::vector<item> all;
    std::size_t with_stage = 0;
    for (item i : outside->records()) {
      with_stage += i.value >= 1000;
      i.value %= 1000;
      all.push_back(i);
    }
    std::ranges::sort(all);
    return {all, with_stage};
  }
};

std::vector<item> wanted() {
  std::vector<item> all;
  for (std::int64_t n = 0; n < count; ++n)
    all.push_back({n % 5, n, n / 5 + 1});
  std::ranges::sort(all);
  return all;
}

} // namespace

TEST_CASE(
    "a stage that is new begins anew, and one that is gone is forgotten, if that is allowed") {
  int changed = 0;
  support::for_seeds(60, [&](dice roll) {
    world w{roll};
    const bool grows = roll.coin();
    const kind before = grows ? kind::plain : kind::with_stage;
    const kind after = grows ? kind::with_stage : kind::plain;
    if (w.run(before, true))
      return; // it came to its end
    const auto refused = w.run(after, false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what.find("is that of another graph: ") != std::string::npos);
    CHECK(refused.error().what.find("\"thousands\"") != std::string::npos);
    w.options.run.checkpoints.allow_non_restored_state = true;
    const auto at_change = w.published();
    if (const auto done = w.run(after, false); !done) {
      CHECK(done.error().what.find("in which records were waiting") != std::string::npos);
      return;
    }
    const auto [records, with_stage] = w.published();
    CHECK(records == wanted());
    const std::size_t added = records.size() - at_change.first.size();
    CHECK(with_stage >= at_change.second);
    changed += added > 500 && (grows ? with_stage > 500 : with_stage < records.size() - 500);
  });
  CHECK(changed > 20);
}

TEST_CASE("a source that is new brings its records, and those before it go on") {
  support::for_seeds(60, [&](dice roll) {
    world w{roll};
    w.options.run.checkpoints.allow_non_restored_state = true;
    if (w.run(kind::plain, true))
      return;
    const auto done = w.run(kind::with_other_source, false);
    if (!done) { // the stages had ended
      CHECK(done.error().what.find("source \"more\" is new") != std::string::npos);
      return;
    }
    std::vector<std::int64_t> numbers, all;
    for (const item& i : w.outside->records())
      numbers.push_back(i.number);
    for (std::int64_t n = 0; n < count; ++n)
      all.push_back(n), all.push_back(1'000'000 + n);
    std::ranges::sort(numbers);
    std::ranges::sort(all);
    CHECK(numbers == all);
  });
}
