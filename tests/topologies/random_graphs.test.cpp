// Graphs put together at random, run in random ways, with barriers now and then or at every turn,
// against the reference in support/reference.hpp.
#include "support/catch.hpp"
#include "support/random_graph.hpp"

using support::dice;
using support::item;
using namespace std::chrono_literals;
using namespace support::random_graph;
namespace reference = support::reference;

TEST_CASE("random graphs give what the reference gives, whatever the way they are run") {
  met_cases met;
  support::for_seeds(1500, [&](dice roll) {
    const auto seed = roll.seed();
    leat::graph g{"random"};
    writer w{roll, g, met, {}, 0};
    both b = some_stream(w);
    std::vector<item> got;
    b.stream.to("out", support::keep<item>{&got});

    auto o = some_way_to_run(roll, seed);
    for (const std::string& pane : w.panes)
      o.run.batchings.emplace(pane, some_batching(roll));
    leat::testing::simulation world(std::move(g), o);
    const int between_swaps = w.panes.empty() ? 0 : roll.one_of({0, 10, 200});
    met.crowded += between_swaps == 10;
    int swaps = 100; // each costs more steps than stand between some
    while (world.step()) {
      if (between_swaps > 0 && roll(0, between_swaps) == 0 && swaps-- > 0)
        world.set_batching(w.panes[roll.size(0, w.panes.size())], some_batching(roll));
      if (world.steps() % 256 != 0)
        continue;
      const auto now = world.metrics();
      for (const auto& s : now.stages)
        met.held += s.held > 0;
      for (const auto& e : now.edges)
        met.stalled += e.stalled.count() > 0;
    }
    const auto report = world.run();
    if (!report)
      FAIL(to_string(report.error()));
    for (const auto& s : report->stages) {
      REQUIRE(s.held == 0);
      met.spilled += s.spilled > 0;
    }
    const auto wanted = reference::records(b.rows);
    REQUIRE(got.size() == wanted.size());
    REQUIRE(reference::by_key(got, key) == reference::by_key(wanted, key));
  });
  CHECK(met.slow_and_starved > 20);
  CHECK(met.batched_branches > 20);
  CHECK(met.crowded > 20);
  CHECK(met.held > 100);
  CHECK(met.stalled > 100);
  CHECK(met.spilled > 20);
}

TEST_CASE("stages that take records as they come, before merges and behind them, lose none") {
  support::for_seeds(300, [](dice roll) {
    std::vector<item> records = support::numbered(roll(50, 400), 7);
    leat::graph g{"by arrival"};
    const leat::stage_options unordered{0, leat::order::by_arrival};
    const auto fork = g.from("in", support::given<item>{records}).rebalance("spread", 3);
    auto quick = fork.key_by(key).process("quick", support::chained_hash{}, unordered);
    auto slow =
        fork.filter("few", few)
            .via("asking", leat::actor<asking>(), {roll.size(1, 3), leat::order::by_arrival});
    std::vector<item> got;
    quick.key_by(by_number)
        .process("again", support::chained_hash{}, roll.coin() ? unordered : leat::stage_options{})
        .merge("meet", std::move(slow))
        .key_by(key)
        .process("last", support::chained_hash{}) // by stamp, as far as there is an order
        .to("out", support::keep<item>{&got});
    leat::testing::simulation world(std::move(g), some_way_to_run(roll, roll.seed()));
    const auto report = world.run();
    if (!report)
      FAIL(to_string(report.error()));
    std::vector<std::int64_t> numbers, wanted;
    for (const item& i : got)
      numbers.push_back(i.number);
    for (const item& i : records) {
      wanted.push_back(i.number);
      if (few(i))
        wanted.push_back(i.number);
    }
    std::sort(numbers.begin(), numbers.end());
    std::sort(wanted.begin(), wanted.end());
    REQUIRE(numbers == wanted);
  });
}
