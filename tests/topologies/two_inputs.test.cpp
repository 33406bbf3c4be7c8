// A stage with two inputs of different types: items that come by key, and rules that come to all
// subtasks. What an item meets depends on stamps alone.
#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/made_by.hpp"
#include "support/simulated.hpp"

using support::dice;
using support::item;

namespace {

struct rule {
  std::int64_t time = 0;
  std::int64_t number = 0;
  std::string text; // so that sharing frames instead of copying them would be seen
  static constexpr auto fields =
      leat::fields("rule", leat::field("time", &rule::time), leat::field("number", &rule::number),
                   leat::field("text", &rule::text));
};

// Items leave with the sum of all rules so far.
class ruled_stage final : public leat::producing_stage<item> {
public:
  using leat::producing_stage<item>::producing_stage;
  static constexpr std::size_t items = 0, rules = 1;

  void consume(std::size_t input, leat::frame& f, std::size_t& next, std::size_t end) override {
    if (input == rules) {
      for (; next < end; ++next) {
        const rule& r = f.as<rule>()[next];
        REQUIRE(r.text == std::to_string(r.number));
        sum_ += r.number;
      }
      return;
    }
    leat::envelope_cursor envelopes(f.records->envelopes, out_.carried());
    while (next < end) {
      const item& i = f.as<item>()[next];
      out_.descend_from(envelopes.at(next++), true);
      out_({i.key, i.number, sum_});
      if (out_.full() && !out_.hand_on())
        return;
    }
  }

private:
  std::int64_t sum_ = 0;
};

struct world {
  std::vector<std::vector<item>> items; // by split; value is their time
  std::vector<std::vector<rule>> rules;
};

world some_world(dice& roll) {
  world w;
  for (std::size_t splits = roll.size(1, 3); splits > 0; --splits) {
    std::int64_t time = 0;
    w.items.emplace_back();
    for (std::int64_t n = roll(0, 200); n > 0; --n)
      w.items.back().push_back(
          {roll(0, 9), n * 10 + static_cast<std::int64_t>(splits), time += roll(0, 9)});
  }
  for (std::size_t splits = roll.size(1, 2); splits > 0; --splits) {
    std::int64_t time = 0;
    w.rules.emplace_back();
    for (std::int64_t n = roll(0, 60); n > 0; --n)
      w.rules.back().push_back({time += roll(0, 30), n, std::to_string(n)});
  }
  return w;
}

// Items stand in the plan before rules, so at equal times they come first.
std::multiset<item> naive(const world& w) {
  std::multiset<item> all;
  for (const auto& split : w.items)
    for (const item& i : split) {
      std::int64_t sum = 0;
      for (const auto& rules : w.rules)
        for (const rule& r : rules)
          sum += r.time < i.value ? r.number : 0;
      all.insert({i.key, i.number, sum});
    }
  return all;
}

template <class T>
support::given_splits<T> given(const std::vector<std::vector<T>>& all) {
  support::given_splits<T> source;
  for (const auto& records : all)
    source.all.push_back({records});
  return source;
}

// A stage's only output, which leads to one edge.
template <class T>
leat::fanout output(std::size_t edge, leat::routing by) {
  leat::fanout to;
  to.add(std::make_unique<leat::direct_branch>(leat::record_type_of<T>, by, edge));
  return to;
}
leat::fanout output_by_key(std::size_t edge) {
  using end = leat::hashed_end<decltype(support::key_of_item)>;
  leat::fanout to;
  to.add(std::make_unique<leat::chain_branch<leat::pass<item>, end>>(
      leat::pass<item>{}, end(leat::record_type_of<item>, support::key_of_item, edge)));
  return to;
}

template <class T, class Of, class Output>
leat::plan_stage source(std::string name, support::given_splits<T> from, Of time, Output output) {
  leat::plan_stage s;
  s.name = std::move(name);
  s.kind = leat::kinds::source;
  s.parallelism = from.all.size();
  s.timed = true;
  s.maker = support::made_by([=]() -> std::unique_ptr<leat::stage> {
    const leat::event_time_by times{[=](const T& r) { return leat::from_micros(r.*time); }};
    return leat::make_source_stage(from, times, output());
  });
  return s;
}

// Written by hand, as the verbs of streams write it.
leat::graph ruled(const world& w, std::vector<item>& to) {
  leat::graph g{"ruled"};
  leat::plan& p = g.plan();
  p.stages.push_back(
      source("items", given(w.items), &item::value, [] { return output_by_key(0); }));
  p.stages.push_back(source("rules", given(w.rules), &rule::time,
                            [] { return output<rule>(1, leat::routing::broadcast); }));
  leat::plan_stage meet;
  meet.name = "meet";
  meet.kind = leat::kinds::keyed;
  meet.order = leat::order::by_stamp;
  meet.maker = support::made_by([]() -> std::unique_ptr<leat::stage> {
    return std::make_unique<ruled_stage>(output<item>(2, leat::routing::forward));
  });
  p.stages.push_back(std::move(meet));
  leat::plan_stage out;
  out.name = "out";
  out.kind = leat::kinds::sink;
  out.maker = support::made_by([&to]() -> std::unique_ptr<leat::stage> {
    return std::make_unique<leat::sink_stage<item, support::keep<item>>>(
        support::keep<item>{&to}, std::chrono::nanoseconds{0});
  });
  p.stages.push_back(std::move(out));
  p.edges.push_back({0, 2, leat::routing::hash, "item", {}, leat::row_codec_of<item>(), {0, 0}});
  p.edges.push_back(
      {1, 2, leat::routing::broadcast, "rule", {}, leat::row_codec_of<rule>(), {0, 0}, 1});
  p.edges.push_back({2, 3, leat::routing::forward, "item", {}, leat::row_codec_of<item>(), {0, 0}});
  return g;
}

} // namespace

TEST_CASE("what two inputs meet is the same in every run, and each subtask gets each broadcast") {
  support::for_seeds(200, [seed = std::uint64_t{0}](dice roll) mutable {
    const world w = some_world(roll);
    std::vector<item> got;
    const auto report =
        leat::testing::simulation(ruled(w, got), support::some_run(roll, ++seed)).run();
    REQUIRE(report);
    REQUIRE(std::multiset<item>(got.begin(), got.end()) == naive(w));
  });
}
