// What an operator reads of event time is the same in every run, whatever the parallelism, the
// frames and the order in which subtasks run.
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"

#include <set>

using support::item;
using namespace std::chrono_literals;

namespace {

const auto time_of = [](const item& i) {
  return leat::event_time{std::chrono::microseconds{i.value}};
};

// Emits all that it is told of event time.
struct curious {
  using output_type = item;
  leat::value_state<std::int64_t> seen;
  void open(leat::setup& setup) { seen = setup.value<std::int64_t>("seen"); }
  void process(const item& i, leat::emitter<item>& out, leat::event_context& ctx) {
    const leat::stamp& at = ctx.at();
    out({i.key, at.time.time_since_epoch().count(), static_cast<std::int64_t>(at.position)});
    out({i.number, ctx.watermark().time_since_epoch().count(), ++ctx.get(seen)});
  }
};

leat::graph watching(bool shuffled, std::vector<item>& to) {
  support::dice roll{7};
  const auto given = [&] {
    support::given_splits<item> source;
    for (int splits = 3; splits > 0; --splits) {
      std::vector<item> all;
      std::int64_t time = 100;
      for (std::int64_t n = 0; n < 100; ++n)
        all.push_back({roll(0, 6), n * 3 + splits, time += roll(-5, 9)});
      source.all.push_back({all});
    }
    return source;
  };
  leat::graph g{"watching"};
  auto one = g.from("one", given(), leat::event_time_by{time_of, 5us});
  auto other = g.from("other", given(), leat::event_time_by{time_of, 20us});
  auto all = one.merge("merge", std::move(other));
  if (shuffled)
    all = std::move(all).key_by(support::number_of_item).process("hash", support::chained_hash{});
  std::move(all)
      .key_by(support::key_of_item)
      .process("curious", curious{})
      .to("out", support::keep<item>{&to});
  return g;
}

} // namespace

TEST_CASE("what an operator reads of event time is the same in every run") {
  for (const bool shuffled : {false, true}) {
    std::optional<std::multiset<item>> wanted;
    support::for_seeds(60, [&, seed = std::uint64_t{0}](support::dice roll) mutable {
      std::vector<item> got;
      leat::testing::simulation_options o;
      o.seed = ++seed;
      o.run.parallelism = roll.one_of<std::size_t>({1, 2, 4});
      o.run.frames.records = roll.one_of<std::size_t>({1, 3, 16, 256});
      const auto report = leat::testing::simulation(watching(shuffled, got), o).run();
      REQUIRE(report);
      const std::multiset<item> sorted(got.begin(), got.end());
      if (!wanted)
        wanted = sorted;
      REQUIRE(sorted == *wanted);
    });
    REQUIRE(wanted->size() == 2 * 600);
  }
}
