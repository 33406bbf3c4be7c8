// Event time over several splits: how far they may be ahead of each other.
#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/simulated.hpp"

#include <set>

using support::dice;
using support::item;
using namespace std::chrono_literals;

namespace {

const auto time_of_number = [](const item& i) { return leat::from_seconds(i.number); };

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
