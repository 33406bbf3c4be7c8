// The same results whatever the batching, the frames, the parallelism, the credit, the order in
// which subtasks run, and however often the batching is swapped meanwhile.
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"

#include <map>
#include <random>

using namespace leat;
using namespace std::chrono_literals;

namespace {

struct event {
  std::int64_t time = 0;
  std::int64_t number = 0; // unique
  std::uint32_t card = 0;
  std::uint32_t shop = 0;
  std::uint64_t value = 0;
  static constexpr auto fields =
      leat::fields("event", leat::field("time", &event::time),
                   leat::field("number", &event::number), leat::field("card", &event::card),
                   leat::field("shop", &event::shop), leat::field("value", &event::value));
  friend bool operator==(const event&, const event&) = default;
};

event_time time_of(const event& e) { return event_time{std::chrono::microseconds{e.time}}; }

struct events {
  std::vector<event> list;
  std::size_t next = 0;
  pull_status pull(std::size_t demand, emitter<event>& out) {
    for (; demand > 0 && next < list.size(); --demand)
      out(list[next++]);
    return next < list.size() ? pull_status::more() : pull_status::done();
  }
};

struct split_events {
  using record_type = event;
  std::vector<events> all;
  std::vector<events> splits() const { return all; }
};

/// What is remembered depends on the order of a key's records; so does what is emitted.
std::uint64_t next_state(std::uint64_t state, const event& e) {
  return (state ^ (e.value + 0x9e3779b97f4a7c15ULL)) * 0x100000001b3ULL;
}

struct chain_state {
  using output_type = event;
  value_state<std::uint64_t> seen;
  void open(setup& s) { seen = s.value<std::uint64_t>("seen"); }
  void process(const event& e, leat::emitter<event>& out, context& ctx) {
    std::uint64_t& state = ctx.edit(seen);
    state = next_state(state, e);
    event next = e;
    next.value = state;
    out(next);
    if (state % 5 == 0) { // now and then two
      next.number = -e.number - 1;
      out(next);
    }
  }
};

struct modulo_model {
  using score_type = float;
  void predict(std::span<const event> rows, std::span<float> scores) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      scores[i] = static_cast<float>(rows[i].value % 1009);
  }
};

struct kept {
  std::vector<scored<event>>* all;
  void write(std::span<const scored<event>> records) {
    all->insert(all->end(), records.begin(), records.end());
  }
};

graph build(const split_events& input, std::vector<scored<event>>& into) {
  graph g("modes");
  g.from("events", input, event_time_by{time_of, 50us})
      .filter("odd", [](const event& e) { return e.value % 3 != 0; })
      .key_by([](const event& e) { return e.card; })
      .process("by-card", chain_state{})
      .key_by([](const event& e) { return e.shop; })
      .process("by-shop", chain_state{})
      .window("pane", record_at_a_time{})
      .score("score", modulo_model{})
      .to("out", kept{&into});
  return g;
}

split_events random_input(std::mt19937_64& random) {
  split_events input;
  input.all.resize(1 + random() % 3);
  std::int64_t number = 1;
  for (events& split : input.all) {
    std::int64_t time = 0;
    for (std::size_t n = random() % 300; n > 0; --n) {
      time += static_cast<std::int64_t>(random() % 20);
      const auto late = static_cast<std::int64_t>(random() % 50);
      split.list.push_back({std::max<std::int64_t>(0, time - late), number++,
                            static_cast<std::uint32_t>(random() % 17),
                            static_cast<std::uint32_t>(random() % 7), random()});
    }
  }
  return input;
}

/// What one would write by hand: all records in the order of their stamps, one after the other.
std::map<std::uint32_t, std::vector<std::pair<std::int64_t, std::uint64_t>>>
reference(const split_events& input) {
  struct placed {
    std::int64_t highest;
    std::size_t split;
    std::size_t position;
  };
  std::vector<std::pair<placed, event>> order;
  for (std::size_t s = 0; s < input.all.size(); ++s) {
    std::int64_t highest = std::numeric_limits<std::int64_t>::min();
    for (std::size_t i = 0; i < input.all[s].list.size(); ++i) {
      highest = std::max(highest, input.all[s].list[i].time);
      order.push_back({{highest, s, i}, input.all[s].list[i]});
    }
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.highest, a.first.split, a.first.position) <
           std::tie(b.first.highest, b.first.split, b.first.position);
  });
  std::vector<event> stream;
  for (const auto& [where, e] : order)
    if (e.value % 3 != 0)
      stream.push_back(e);
  for (const auto key : {&event::card, &event::shop}) {
    std::map<std::uint32_t, std::uint64_t> states;
    std::vector<event> next;
    for (event e : stream) {
      std::uint64_t& state = states[e.*key];
      state = next_state(state, e);
      const std::int64_t number = e.number;
      e.value = state;
      next.push_back(e);
      if (state % 5 == 0) {
        e.number = -number - 1;
        next.push_back(e);
      }
    }
    stream = std::move(next);
  }
  std::map<std::uint32_t, std::vector<std::pair<std::int64_t, std::uint64_t>>> by_shop;
  for (const event& e : stream)
    by_shop[e.shop].emplace_back(e.number, e.value);
  return by_shop;
}

any_batching random_batching(std::mt19937_64& random) {
  switch (random() % 6) {
  case 0:
    return record_at_a_time{};
  case 1:
    return micro_batch{2 + random() % 10, 1ms};
  case 2:
    return micro_batch{300, 5us};
  case 3:
    return every{3ms};
  case 4:
    return every{100us, 1 + random() % 50};
  default:
    return batch{};
  }
}

void check_seed(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const split_events input = random_input(random);
  std::vector<scored<event>> got;

  testing::simulation_options o;
  o.seed = seed;
  o.run.parallelism = std::size_t{1} << random() % 3;
  o.run.frames.records = 1 + random() % 256;
  o.run.credit_limit = {static_cast<std::int64_t>(1 + random() % 16),
                        static_cast<std::int64_t>(1 + random() % 600),
                        static_cast<std::int64_t>(1 + random() % 30'000)};
  o.run.batchings.emplace("pane", random_batching(random));
  o.apart = seed % 2 == 0;
  testing::simulation world(build(input, got), o);
  const bool swaps = random() % 2 == 0;
  while (world.step())
    if (swaps && random() % 200 == 0)
      world.set_batching("pane", random_batching(random));
  const auto report = world.run();

  INFO("seed " << seed);
  if (!report)
    FAIL(to_string(report.error()));
  std::map<std::uint32_t, std::vector<std::pair<std::int64_t, std::uint64_t>>> by_shop;
  for (const auto& s : got) {
    REQUIRE(s.score == static_cast<float>(s.record.value % 1009));
    by_shop[s.record.shop].emplace_back(s.record.number, s.record.value);
  }
  REQUIRE(by_shop == reference(input)); // content and, for each key, raw order
}

} // namespace

TEST_CASE("every mode gives the reference's results, key by key in order", "[modes]") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed)
    check_seed(seed);
}

TEST_CASE("the same seed gives the same run", "[modes]") {
  std::mt19937_64 random(7);
  const split_events input = random_input(random);
  std::uint64_t steps[2];
  for (std::uint64_t& n : steps) {
    std::vector<scored<event>> got;
    testing::simulation_options o;
    o.seed = 99;
    o.run.parallelism = 4;
    testing::simulation world(build(input, got), o);
    REQUIRE(world.run());
    n = world.steps();
  }
  CHECK(steps[0] == steps[1]);
}
