// What an operator reads of event time is the same in every run, whatever the parallelism, the
// frames and the order in which subtasks run.
#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/simulated.hpp"

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
    out({i.number, ctx.watermark().time_since_epoch().count(), ++ctx.edit(seen)});
    out({i.number, ctx.event_time().time_since_epoch().count(), ctx.late() ? -1 : -2});
  }
};

constexpr int splits = 3;
constexpr std::int64_t in_split = 100;
constexpr std::int64_t disorder[] = {5, 20}; // of each source, in microseconds

// Numbers tell sources and splits apart.
support::given_splits<item> given(support::dice& roll, std::int64_t source) {
  support::given_splits<item> all;
  for (std::int64_t split = 0; split < splits; ++split) {
    std::vector<item> some;
    std::int64_t time = 100;
    for (std::int64_t n = 0; n < in_split; ++n)
      some.push_back({roll(0, 6), (n * splits + split) * 2 + source, time += roll(-12, 16)});
    all.all.push_back({some});
  }
  return all;
}

// The time of each record, and whether it is late by its own split alone.
std::multiset<item> naive_tags() {
  support::dice roll{7};
  std::multiset<item> tags;
  for (const std::int64_t source : {0, 1})
    for (const auto& split : given(roll, source).all) {
      std::int64_t highest = 0;
      for (const item& i : split.records) {
        tags.insert({i.number, i.value, i.value < highest - disorder[source] ? -1 : -2});
        highest = std::max(highest, i.value);
      }
    }
  return tags;
}

leat::graph watching(bool shuffled, std::vector<item>& to) {
  support::dice roll{7};
  leat::graph g{"watching"};
  const auto late_after = [](std::size_t source) {
    return leat::event_time_by{time_of, std::chrono::microseconds{disorder[source]}};
  };
  auto one = g.from("one", given(roll, 0), late_after(0));
  auto other = g.from("other", given(roll, 1), late_after(1));
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
      const auto report =
          leat::testing::simulation(watching(shuffled, got), support::some_run(roll, ++seed)).run();
      REQUIRE(report);
      const std::multiset<item> sorted(got.begin(), got.end());
      std::multiset<item> tags;
      std::ranges::copy_if(got, std::inserter(tags, tags.end()),
                           [](const item& i) { return i.value < 0; });
      REQUIRE(tags == naive_tags());
      if (!wanted)
        wanted = sorted;
      REQUIRE(sorted == *wanted);
    });
    REQUIRE(wanted->size() == std::size_t{3} * 2 * splits * in_split);
  }
}
