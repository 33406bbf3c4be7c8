// Graphs put together at random, and what they should give by the reference: shuffles, expansions,
// forks that meet again, side outputs, panes, sources of several splits, actors that wait for
// answers.
#pragma once

#include <leat/actor.hpp>
#include <leat/testing/simulation.hpp>

#include "support/dice.hpp"
#include "support/reference.hpp"

namespace support::random_graph {

inline const auto key = [](const item& i) { return i.key; };
inline const auto by_number = [](const item& i) { return i.number % 5; };
inline const auto by_value = [](const item& i) { return std::abs(i.value) % 3; };
inline const auto some = [](const item& i) { return (i.number + i.value) % 3 != 0; };
inline const auto few = [](const item& i) { return (i.number + i.value) % 40 == 0; };
inline const auto doubled = [](const item& i) { return item{i.key, i.number, i.value * 2 + 1}; };
inline const auto moved = [](const item& i) { return item{i.key + 1, i.number, i.value + 7}; };
inline const auto expanded = [](const item& i) {
  std::vector<item> all;
  for (std::int64_t n = 0; n < std::abs(i.number + i.value) % 4; ++n)
    all.push_back({i.key + n, i.number, i.value * 3 + n});
  return all;
};

// As chained_hash, with every third result also, or only, in a side output.
struct with_side {
  using output_type = item;
  leat::value_state<std::int64_t> sum;
  leat::side_output<item> side;
  void open(leat::setup& setup) {
    sum = setup.value<std::int64_t>("sum");
    side = setup.side<item>("thirds");
  }
  void process(const item& i, leat::emitter<item>& out, leat::context& ctx) {
    std::int64_t& value = ctx.edit(sum);
    value = (value * 5 + i.value + i.number) % 9973;
    if (value % 3 == 0)
      side({i.key, i.number, -value});
    if (value % 2 == 0)
      out({i.key, i.number, value});
  }
};

inline std::pair<reference::rows, reference::rows> with_side_rows(const reference::rows& all) {
  reference::rows out, side;
  std::map<std::int64_t, std::int64_t> sums;
  for (const reference::row& r : all) {
    std::int64_t& value = sums[r.record.key];
    value = (value * 5 + r.record.value + r.record.number) % 9973;
    reference::row next{r.order, {r.record.key, r.record.number, value}, r.time};
    if (value % 2 == 0)
      out.push_back(next);
    next.record.value = -value;
    if (value % 3 == 0)
      side.push_back(next);
  }
  return {reference::branch(out, 0), reference::branch(side, 1)};
}

// Hands on records, but for those that it refuses.
struct strict {
  using output_type = item;
  static bool takes(const item& i) { return (i.number + i.value) % 5 != 0; }
  leat::result<void> process(const item& i, leat::emitter<item>& out, leat::context&) {
    if (!takes(i))
      return leat::user_error("refused");
    out(i);
    return {};
  }
};

// A strategy that comes to what event_time_by does.
struct newest_less {
  std::int64_t disorder = 0;
  std::int64_t newest = std::numeric_limits<std::int64_t>::min();
  leat::event_time operator()(const item& i) {
    newest = std::max(newest, i.value);
    return leat::from_micros(newest - disorder);
  }
  static constexpr auto fields =
      leat::fields("newest_less", leat::field("disorder", &newest_less::disorder),
                   leat::field("newest", &newest_less::newest));
};

// Asks somebody about each record and waits for the answer: as slow as a stage can be.
struct asking : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  caf::behavior own_messages() override {
    return {[this](std::int64_t) {
      emit(asked_);
      unpause();
    }};
  }
  void process(const item& i, leat::emitter<item>&) {
    asked_ = i;
    pause();
    delayed_send(this, std::chrono::microseconds{50}, i.number);
  }
  item asked_;
};
// What comes of a record of such an actor, in the reference: its first child.
inline reference::rows asked(const reference::rows& all) {
  return reference::flat_map(all, [](const item& i) { return std::vector<item>{i}; });
}

// Which hard cases were met, so that none is missed for ever.
struct met_cases {
  int slow_and_starved = 0, batched_branches = 0, held = 0, stalled = 0, crowded = 0, spilled = 0;
};

// A stream of the graph, and what it should carry.
struct both {
  leat::stream<item> stream;
  reference::rows rows;
};

// Writes a graph step by step, and works out what it should give.
struct writer {
  dice& roll;
  leat::graph& g;
  met_cases& cases;
  std::vector<std::string> panes;
  int names = 0;
  bool refuses = false; ///< some stages make dead letters, so the run needs a sink for them
  std::vector<std::string> letters{}; ///< stage and record of each
  bool times = false;                 ///< records have event times

  std::string name(const char* what) { return std::string(what) + ' ' + std::to_string(++names); }

  both process(both b) {
    return {b.stream.key_by(key).process(name("hash"), support::chained_hash{}),
            reference::chained_hash(b.rows, key)};
  }
  both process_after_steps(both b) {
    return {
        b.stream.map(name("moved"), moved)
            .filter(name("some"), some)
            .key_by(by_number)
            .process(name("hash"), support::chained_hash{}),
        reference::chained_hash(reference::filter(reference::map(b.rows, moved), some), by_number)};
  }
  both expand(both b) {
    return {b.stream.flat_map(name("expanded"), expanded)
                .map(name("doubled"), doubled)
                .key_by(by_value)
                .process(name("hash"), support::chained_hash{}),
            reference::chained_hash(reference::map(reference::flat_map(b.rows, expanded), doubled),
                                    by_value)};
  }
  both spread(both b) {
    return {b.stream.filter(name("some"), some).rebalance(name("spread"), roll.size(1, 4)),
            reference::filter(b.rows, some)};
  }
  both score(both b) {
    panes.push_back(name("pane"));
    return {b.stream.window(panes.back(), leat::record_at_a_time{})
                .score(name("score"), support::by_value{})
                .map(name("plain"), support::record_of)
                .rebalance(name("spread"), roll.size(1, 4)),
            b.rows};
  }
  // The branches of a fork meet again; one may be starved, expanded, or go through a stage. They
  // are numbered as they are fed.
  both diamond(both b) {
    const auto fork = b.stream.map(name("doubled"), doubled);
    const auto rows = reference::map(b.rows, doubled);
    const auto first = reference::branch(rows, 0), second = reference::branch(rows, 1);
    switch (roll(0, 7)) {
    case 5: { // slow and starved
      ++cases.slow_and_starved;
      auto slow = fork.filter(name("few"), few).via(name("asking"), leat::actor<asking>());
      return {
          slow.merge(name("merge"), fork.map(name("moved"), moved)),
          reference::merge(asked(reference::filter(first, few)), reference::map(second, moved))};
    }
    case 6: { // panes that wait for records which wait for them
      ++cases.batched_branches;
      panes.push_back(name("pane"));
      auto scored = fork.filter(name("some"), some)
                        .window(panes.back(), leat::batch{})
                        .score(name("score"), support::by_value{})
                        .map(name("plain"), support::record_of);
      return {scored.merge(name("merge"), fork.map(name("moved"), moved)),
              reference::merge(reference::filter(first, some), reference::map(second, moved))};
    }
    case 0:
      return {fork.filter(name("few"), few).merge(name("merge"), fork.map(name("moved"), moved)),
              reference::merge(reference::filter(first, few), reference::map(second, moved))};
    case 1:
      return {
          fork.map(name("moved"), moved)
              .merge(name("merge"), fork.flat_map(name("expanded"), expanded)),
          reference::merge(reference::map(first, moved), reference::flat_map(second, expanded))};
    case 2: {
      auto few_hashed = process({fork.filter(name("few"), few).rebalance(name("spread"), 2),
                                 reference::filter(first, few)});
      return {fork.merge(name("merge"), few_hashed.stream),
              reference::merge(second, few_hashed.rows)};
    }
    case 3: { // a fork within a fork
      const auto inner = fork.filter(name("some"), some);
      const auto inner_rows = reference::filter(first, some);
      auto expanded_rows = reference::flat_map(reference::branch(inner_rows, 0), expanded);
      auto moved_rows = reference::map(reference::branch(inner_rows, 1), moved);
      auto met = inner.flat_map(name("expanded"), expanded)
                     .merge(name("merge"), inner.map(name("moved"), moved));
      return {met.merge(name("merge"), fork.map(name("moved"), moved)),
              reference::merge(reference::merge(expanded_rows, moved_rows),
                               reference::map(second, moved))};
    }
    default: {
      auto hashed = process({fork.rebalance(name("spread"), 1), first});
      auto other = process_after_steps({fork.rebalance(name("spread"), 3), second});
      const auto parallelism = roll.one_of<std::size_t>({1, 1, 2, 4});
      return {hashed.stream.merge(name("merge"), other.stream, parallelism),
              reference::merge(hashed.rows, other.rows)};
    }
    }
  }
  both sides(both b) {
    auto main = b.stream.key_by(key).process(name("sides"), with_side{});
    auto side = main.side<item>("thirds");
    const auto [rows, side_rows] = with_side_rows(b.rows);
    if (roll.coin())
      return {main.merge(name("merge"), side), reference::merge(rows, side_rows)};
    main.to(name("unused"), support::discard{});
    return {std::move(side), side_rows};
  }
  both refuse(both b) {
    const std::string stage = name("strict");
    for (const reference::row& r : b.rows)
      if (!strict::takes(r.record))
        letters.push_back(stage + ' ' + leat::raw_text(r.record));
    auto taken = reference::filter(b.rows, strict::takes);
    return {b.stream.key_by(key).process(stage, strict{}), reference::branch(taken, 0)};
  }
  // A stage of windows: late records are dead letters, or nobody wants them.
  template <class Windows, class GapOf>
  both windowed(both b, Windows windows, GapOf gap_of, reference::naive_windows&& naive,
                leat::window_options options) {
    const std::string stage = name("window");
    const auto result = [](std::int64_t k, std::int64_t start, std::int64_t end, const auto& all) {
      std::int64_t sum = 0;
      for (const item& i : all)
        sum = (sum + i.number * 31 + i.value * 7) % 1'000'003;
      return item{k, start * 3 + end, sum};
    };
    auto fired =
        b.stream.key_by(key)
            .window(stage, windows, options)
            .template apply<item>([result](const std::int64_t& k, const leat::time_window& w,
                                           std::span<const item> all, leat::emitter<item>& out) {
              out(result(k, w.start.time_since_epoch().count(), w.end.time_since_epoch().count(),
                         all));
            });
    std::vector<item> late;
    const auto number = static_cast<std::int64_t>(g.plan().stages.size()) - 1;
    auto rows = reference::windows(
        b.rows, key, gap_of, std::move(naive), number, out_of_order,
        [result](const reference::window_firing& f, const std::vector<item>& all) {
          return result(f.key, f.start, f.end, all);
        },
        late);
    if (!refuses || roll.coin())
      fired.template side<item>("late").to(name("late"), support::discard{});
    else
      for (const item& i : late)
        letters.push_back(stage + ' ' + leat::raw_text(i));
    return {std::move(fired), std::move(rows)};
  }
  both window(both b) {
    using std::chrono::microseconds;
    const std::int64_t lateness = roll.coin() ? 0 : roll(1, 30), size = roll(2, 20);
    const leat::window_options options{.allowed_lateness = microseconds{lateness}};
    const auto no_gap = [](const item&) { return std::int64_t{1}; };
    switch (roll(0, 3)) {
    case 0:
      return windowed(std::move(b), leat::tumbling(microseconds{size}, microseconds{3}), no_gap,
                      reference::naive_sliding(size, size, 3, lateness), options);
    case 1: {
      const std::int64_t slide = roll(1, static_cast<int>(size) + 1);
      return windowed(std::move(b), leat::sliding(microseconds{size}, microseconds{slide}), no_gap,
                      reference::naive_sliding(size, slide, 0, lateness), options);
    }
    default: {
      const auto gap = [](const item& i) { return 1 + std::abs(i.number) % 6; };
      return windowed(std::move(b),
                      leat::session([gap](const item& i) { return microseconds{gap(i)}; }), gap,
                      reference::naive_sessions(lateness), options);
    }
    }
  }
  // Two branches of the stream, or one and what another source gives.
  both join(both b) {
    using std::chrono::microseconds;
    const std::int64_t earliest = roll(-20, 10), latest = earliest + roll(0, 25);
    const auto kind =
        roll.one_of({leat::join_kind::inner, leat::join_kind::left, leat::join_kind::full});
    const auto result = [](const item* l, const item* r) {
      const item none{0, 0, 0};
      const item &first = l ? *l : none, &second = r ? *r : none;
      return item{(l ? first : second).key, first.number * 7 + second.number,
                  (first.value * 31 + second.value) % 1'000'003};
    };
    const auto fork = b.stream.map(name("doubled"), doubled);
    const auto rows = reference::map(b.rows, doubled);
    const bool other = roll.coin();
    both right =
        other ? source()
              : both{fork.filter(name("some"), some).rebalance(name("spread"), roll.size(1, 4)),
                     reference::branch(reference::filter(rows, some), 0)};
    const auto left = other ? rows : reference::branch(rows, 1); // it is fed behind the other
    auto pairs =
        fork.key_by(key).join(name("join"), right.stream.key_by(key),
                              leat::interval(microseconds{earliest}, microseconds{latest}), kind);
    const auto number = static_cast<std::int64_t>(g.plan().stages.size()) - 1;
    auto joined = reference::interval_join(
        left, right.rows, key,
        [=](std::int64_t l, std::int64_t r) { return r - l >= earliest && r - l <= latest; },
        [=](std::int64_t time, bool is_left) {
          return time + std::max<std::int64_t>(is_left ? latest : -earliest, 0) + 1;
        },
        kind != leat::join_kind::inner, kind == leat::join_kind::full, number, out_of_order,
        [&](const reference::row* l, const reference::row* r) {
          return result(l ? &l->record : nullptr, r ? &r->record : nullptr);
        });
    for (const char* late : {"late_left", "late_right"})
      pairs.template side<item>(late).to(name("late"), support::discard{});
    return {pairs
                .map(name("result"),
                     [result](const leat::joined<item, item>& j) {
                       return result(j.left ? &*j.left : nullptr, j.right ? &*j.right : nullptr);
                     })
                .rebalance(name("spread"), roll.size(1, 4)),
            std::move(joined)};
  }
  both extend(both b) {
    if (times && roll(0, 5) == 0)
      return join(std::move(b));
    if (refuses && roll(0, 4) == 0)
      return refuse(std::move(b));
    if (times && roll(0, 3) == 0)
      return window(std::move(b));
    switch (roll(0, 8)) {
    case 0:
      return process(std::move(b));
    case 1:
      return process_after_steps(std::move(b));
    case 2:
      return expand(std::move(b));
    case 3:
      return spread(std::move(b));
    case 4:
      return score(std::move(b));
    case 5:
      return sides(std::move(b));
    default:
      return diamond(std::move(b));
    }
  }

  static constexpr std::int64_t out_of_order = 5;

  both source() {
    const auto place = static_cast<std::int64_t>(g.plan().stages.size());
    std::vector<std::vector<item>> splits(roll.size(1, 4));
    support::given_splits<item> source;
    std::int64_t number = 0;
    for (auto& split : splits) {
      std::int64_t time = 0;
      for (int n = roll(0, 60); n > 0; --n) {
        time += roll(-3, 8); // out of order now and then
        split.push_back({roll(0, 6), ++number, time});
      }
      source.all.push_back({split});
    }
    const leat::stage_options options{roll.size(1, 3), leat::order::by_stamp};
    if (!times)
      return {g.from(name("source"), source, leat::no_event_time{}, options),
              reference::source(splits, reference::no_time, place)};
    const auto time_of = [](const item& i) {
      return leat::event_time{std::chrono::microseconds{i.value}};
    };
    auto rows = reference::source(
        splits, [](const item& i) { return i.value; }, place);
    using std::chrono::microseconds;
    const auto drift = roll.one_of({leat::any_drift, microseconds{0}, microseconds{20}});
    if (roll(0, 3) > 0)
      return {g.from(name("source"), source,
                     leat::event_time_by{time_of, microseconds{out_of_order},
                                         std::chrono::seconds{1}, drift},
                     options),
              std::move(rows)};
    return {g.from(name("source"), source,
                   leat::watermarks_by{time_of, newest_less{out_of_order},
                                       microseconds{out_of_order}, std::chrono::seconds{1}, drift},
                   options),
            std::move(rows)};
  }
};

/// A stream from a source or two, through some steps, to a keyed stage.
inline both some_stream(writer& w) {
  dice& roll = w.roll;
  w.times = roll.coin();
  both b = w.source();
  for (int steps = roll(1, 5); steps > 0; --steps)
    b = w.extend(std::move(b));
  if (w.times && roll(0, 3) == 0) { // and another source
    both other = w.source();
    if (roll.coin())
      other = w.extend(std::move(other));
    b = {b.stream.merge(w.name("merge"), other.stream), reference::merge(b.rows, other.rows)};
  }
  return w.process(std::move(b));
}

/// Gives the stages of a graph other numbers of subtasks, where these are not those of their
/// neighbours.
inline void rescale(leat::plan& p, dice& roll) {
  for (std::size_t i = 0; i < p.stages.size(); ++i) {
    const auto follows = [&](const leat::plan_edge& e) {
      return e.to == i && e.route == leat::routing::forward;
    };
    if (p.stages[i].parallelism > 0 && std::ranges::none_of(p.edges, follows))
      p.stages[i].parallelism = roll.one_of<std::size_t>({1, 1, 2, 3, 4});
  }
}

inline leat::any_batching some_batching(dice& roll) {
  switch (roll(0, 5)) {
  case 0:
    return leat::micro_batch{roll.size(2, 40), std::chrono::microseconds{50}};
  case 1:
    return leat::every{std::chrono::microseconds{200}};
  case 2:
    return leat::every{std::chrono::microseconds{20}, roll.size(1, 9)};
  case 3:
    return leat::batch{};
  default:
    return leat::record_at_a_time{};
  }
}

inline leat::testing::simulation_options some_way_to_run(dice& roll, std::uint64_t seed) {
  leat::testing::simulation_options o;
  o.seed = seed;
  o.run.parallelism = roll.one_of<std::size_t>({1, 2, 4});
  o.run.frames.records = roll.one_of<std::size_t>({1, 2, 3, 7, 16, 64, 256});
  o.run.credit_limit = {roll(1, 6), roll.one_of<std::int64_t>({1, 2, 10, 100, 4096}),
                        roll.one_of<std::int64_t>({1, 500, 5000, 262'144})};
  o.apart = roll(0, 2) == 0;
  o.run.node_buffer = roll.one_of<std::size_t>({1, 2000, 1'000'000});
  o.run.compress = roll.coin();
  o.run.batch_memory = roll.one_of<std::size_t>({1, 1000, 256'000'000});
  return o;
}

} // namespace support::random_graph
