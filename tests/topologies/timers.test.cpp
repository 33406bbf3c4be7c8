// Event timers fire at the same places among the records in every run: equal to one sequence of
// records and timers, one after the other.
#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/simulated.hpp"

#include <set>

using support::dice;
using support::item;

namespace {

// What is done for an event is made of its numbers, so that the reference can do the same.
std::uint64_t scramble(std::int64_t a, std::int64_t b) {
  std::uint64_t x =
      static_cast<std::uint64_t>(a) * 0x9E3779B97F4A7C15U + static_cast<std::uint64_t>(b);
  x ^= x >> 29;
  x *= 0xBF58476D1CE4E5B9U;
  return x ^ (x >> 32);
}

struct change {
  int name; // of a timer
  std::int64_t time;
  bool cancels;
};

// For the nth event of this key, a record (name 0) or a timer (1, 2), at this time.
std::vector<change> changes_of(std::int64_t key, std::int64_t nth, int name, std::int64_t time) {
  std::vector<change> all;
  std::uint64_t r = scramble(nth * 3 + name, key);
  for (std::uint64_t n = name == 0 ? r % 3 : r % 5 / 3; n > 0; --n) {
    r = scramble(static_cast<std::int64_t>(r), time);
    all.push_back({static_cast<int>(1 + r % 2), time - 15 + static_cast<std::int64_t>(r / 2 % 50),
                   r / 128 % 5 == 0});
  }
  return all;
}

// Emits what happens to a key, counted.
struct reminding {
  using output_type = item;
  leat::value_state<std::int64_t> events;
  leat::timer first, second;
  void open(leat::setup& setup) {
    events = setup.value<std::int64_t>("events");
    second = setup.timer("second"); // the order of names counts, not that of declarations
    first = setup.timer("first");
  }
  void process(const item& i, leat::emitter<item>& out, leat::event_context& ctx) {
    happened(i.key, 0, i.number, i.value, out, ctx);
  }
  void on_timer(const std::int64_t& key, const leat::timer& which, leat::emitter<item>& out,
                leat::event_context& ctx) {
    const std::int64_t time = ctx.event_time().time_since_epoch().count();
    happened(key, which == first ? 1 : 2, time, time, out, ctx);
  }
  void happened(std::int64_t key, int name, std::int64_t number, std::int64_t time,
                leat::emitter<item>& out, leat::event_context& ctx) {
    const std::int64_t count = ++ctx.edit(events);
    out({key, number * 3 + name, count});
    if (number % 4 == 0) // several of one
      out({key, -number * 3 - name, count});
    for (const change& c : changes_of(key, count, name, time))
      if (c.cancels)
        ctx.cancel(c.name == 1 ? first : second, leat::from_micros(c.time));
      else
        ctx.set(c.name == 1 ? first : second, leat::from_micros(c.time));
  }
};

struct reference {
  using place = std::tuple<std::int64_t, int, std::uint64_t, std::int64_t>; // time, name, hash, key
  std::int64_t disorder = 0;
  std::set<place> later;
  std::map<std::int64_t, std::set<std::pair<std::int64_t, int>>> pending; // by key: time, name
  std::map<std::int64_t, std::int64_t> counts, last;
  std::uint64_t dropped = 0;
  bool ended = false;
  std::vector<item> out;

  static place place_of(std::int64_t key, std::int64_t time, int name) {
    return {time, name, leat::key_hash(key), key};
  }
  // Something happens at this watermark; what is due then follows at once.
  void happen(std::int64_t key, int name, std::int64_t number, std::int64_t time,
              std::int64_t watermark, std::set<std::pair<std::int64_t, int>>& due) {
    const std::int64_t count = ++counts[key];
    out.push_back({key, number * 3 + name, count});
    if (number % 4 == 0)
      out.push_back({key, -number * 3 - name, count});
    for (const change& c : changes_of(key, count, name, time)) {
      if (c.cancels) {
        pending[key].erase({c.time, c.name});
        due.erase({c.time, c.name});
        later.erase(place_of(key, c.time, c.name));
      } else if (pending[key].contains({c.time, c.name})) {
        continue;
      } else if (ended && (!last.contains(key) || c.time > last[key])) {
        ++dropped;
      } else {
        pending[key].insert({c.time, c.name});
        if (c.time <= watermark)
          due.insert({c.time, c.name});
        else
          later.insert(place_of(key, c.time, c.name));
      }
    }
  }
  void at(std::int64_t key, int name, std::int64_t number, std::int64_t time,
          std::int64_t watermark) {
    std::set<std::pair<std::int64_t, int>> due;
    happen(key, name, number, time, watermark, due);
    while (!due.empty()) {
      const auto [t, n] = *due.begin();
      due.erase(due.begin());
      pending[key].erase({t, n});
      happen(key, n, t, t, watermark, due);
    }
  }
  void fire_until(std::int64_t stamp_time) {
    while (!later.empty() && std::get<0>(*later.begin()) + disorder <= stamp_time) {
      const auto [time, name, hash, key] = *later.begin();
      later.erase(later.begin());
      pending[key].erase({time, name});
      at(key, name, time, time, time);
    }
  }
  void end() {
    ended = true;
    for (const auto& [time, name, hash, key] : later)
      last[key] = time;
    fire_until(std::numeric_limits<std::int64_t>::max());
  }
};

struct read_item {
  leat::stamp at;
  item record;
};

using sources = std::vector<std::vector<std::vector<item>>>; // by source and split

sources some_sources(dice& roll) {
  sources all;
  std::int64_t number = 0;
  for (std::size_t n = roll.size(1, 3); n > 0; --n) {
    all.emplace_back();
    for (std::size_t splits = roll.size(1, 3); splits > 0; --splits) {
      std::int64_t time = 0;
      all.back().emplace_back();
      for (std::int64_t left = roll(0, 150); left > 0; --left)
        all.back().back().push_back({roll(0, 5), ++number, time += roll(-9, 14)});
    }
  }
  return all;
}

std::vector<read_item> in_order(const sources& from) {
  std::vector<read_item> all;
  for (std::uint32_t source = 0; source < from.size(); ++source)
    for (std::uint32_t split = 0; split < from[source].size(); ++split) {
      std::int64_t highest = std::numeric_limits<std::int64_t>::min();
      std::uint64_t position = 0;
      for (const item& i : from[source][split]) {
        highest = std::max(highest, i.value);
        all.push_back({{leat::from_micros(highest), source, split, ++position, {}}, i});
      }
    }
  std::ranges::sort(all, {}, &read_item::at);
  return all;
}

// A running value of all that leaves, in its order.
std::multiset<item> chained(const std::vector<item>& records) {
  std::map<std::int64_t, std::uint64_t> last;
  std::multiset<item> all;
  for (const item& i : records) {
    auto& value = last[((i.number % 3) + 3) % 3];
    value = (value * 31 + static_cast<std::uint64_t>(i.number) * 7 +
             static_cast<std::uint64_t>(i.value)) %
            1'000'003;
    all.insert({i.key, i.number, static_cast<std::int64_t>(value)});
  }
  return all;
}

constexpr std::int64_t disorder[] = {4, 10}; // by source, in microseconds

leat::stream<item> all_of(leat::graph& g, const sources& from) {
  std::optional<leat::stream<item>> all;
  for (std::size_t n = 0; n < from.size(); ++n) {
    support::given_splits<item> source;
    for (const auto& split : from[n])
      source.all.push_back({split});
    auto one = g.from("source" + std::to_string(n), source,
                      leat::event_time_by{[](const item& i) { return leat::from_micros(i.value); },
                                          std::chrono::microseconds{disorder[n]}});
    all = all ? std::move(*all).merge("merge", std::move(one)) : std::move(one);
  }
  return std::move(*all);
}

leat::graph reminded(const sources& from, std::vector<item>& to) {
  leat::graph g{"reminded"};
  all_of(g, from)
      .key_by(support::key_of_item)
      .process("reminding", reminding{})
      .key_by([](const item& i) { return ((i.number % 3) + 3) % 3; })
      .process("chained", support::chained_hash{})
      .to("out", support::keep<item>{&to});
  return g;
}

} // namespace

TEST_CASE("timers and records are one sequence, the same in every run") {
  std::uint64_t fired = 0, dropped = 0;
  support::for_seeds(300, [&, seed = std::uint64_t{0}](dice roll) mutable {
    const sources from = some_sources(roll);
    reference r;
    r.disorder = disorder[from.size() - 1];
    for (const auto& [at, i] : in_order(from)) {
      const std::int64_t time = at.time.time_since_epoch().count();
      r.fire_until(time);
      r.at(i.key, 0, i.number, i.value, time - r.disorder);
    }
    if (const auto all = in_order(from); !all.empty())
      r.fire_until(all.back().at.time.time_since_epoch().count());
    r.end();
    for (int runs = 2; runs > 0; --runs) {
      std::vector<item> got;
      const auto report =
          leat::testing::simulation(reminded(from, got), support::some_run(roll, ++seed)).run();
      REQUIRE(report);
      REQUIRE(std::multiset<item>(got.begin(), got.end()) == chained(r.out));
      for (const auto& s : report->stages)
        if (s.name == "reminding")
          REQUIRE(s.timers_dropped == r.dropped);
    }
    dropped += r.dropped;
    fired += static_cast<std::uint64_t>(
        std::ranges::count_if(r.out, [](const item& i) { return i.number % 3 != 0; }));
  });
  CHECK(fired > 10'000);
  CHECK(dropped > 100);
}

// Their stamps differ by stage alone.
TEST_CASE("timers of two stages that meet are in the same order in every run") {
  support::for_seeds(30, [seed = std::uint64_t{0}](dice roll) mutable {
    const sources from = some_sources(roll);
    std::optional<std::multiset<item>> wanted;
    for (int runs = 6; runs > 0; --runs) {
      std::vector<item> got;
      leat::graph g{"twice"};
      const auto all = all_of(g, from).map("same", [](const item& i) { return i; });
      const auto marked = [](const item& i) { return item{i.key, i.number, -i.value}; };
      all.key_by(support::key_of_item)
          .process("one", reminding{})
          .merge(
              "meet",
              all.key_by(support::key_of_item).process("other", reminding{}).map("marked", marked))
          .key_by(support::key_of_item)
          .process("chained", support::chained_hash{})
          .to("out", support::keep<item>{&got});
      REQUIRE(leat::testing::simulation(std::move(g), support::some_run(roll, ++seed)).run());
      const std::multiset<item> sorted(got.begin(), got.end());
      REQUIRE(sorted == wanted.value_or(sorted));
      wanted = sorted;
    }
  });
}

TEST_CASE("timers without event time are refused") {
  leat::graph g{"untimed"};
  g.from("source", support::given<item>{})
      .key_by(support::key_of_item)
      .process("reminding", reminding{})
      .to("out", support::discard{});
  const auto faults = g.validate();
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].what ==
        "\"reminding\" has timers, but the source \"source\" before it has no event time");
}

TEST_CASE("an operator that asks for timers and takes none is told so") {
  struct deaf {
    using output_type = item;
    void open(leat::setup& setup) { (void)setup.timer("idle"); }
    void process(const item& i, leat::emitter<item>& out, leat::context&) { out(i); }
  };
  leat::graph g{"deaf"};
  g.from("source", support::given<item>{})
      .key_by(support::key_of_item)
      .process("deaf", deaf{})
      .to("out", support::discard{});
  leat::testing::simulation world(std::move(g), {});
  const auto report = world.run();
  REQUIRE(!report);
  CHECK(report.error().what == "the operator asks for timers, but has no on_timer");
  CHECK(report.error().stage == "deaf");
}
