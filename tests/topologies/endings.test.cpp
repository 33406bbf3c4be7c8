// How graphs end: stopped, aborted, broken, satisfied; at any moment.
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/reference.hpp"

#include <set>

using support::dice;
using support::item;
using namespace std::chrono_literals;
namespace reference = support::reference;

namespace {

const auto expanded = [](const item& i) {
  return std::vector<item>(static_cast<std::size_t>(i.number % 3), item{i.key, i.number, i.number});
};

leat::testing::simulation_options some_way_to_run(dice& roll, std::uint64_t seed) {
  leat::testing::simulation_options o;
  o.seed = seed;
  o.run.parallelism = roll.one_of<std::size_t>({1, 2, 4});
  o.run.frames.records = roll.one_of<std::size_t>({1, 5, 64});
  o.run.credit_limit = roll.one_of(
      {leat::credit{1, 1, 1}, leat::credit{3, 20, 10'000}, leat::run_options{}.credit_limit});
  return o;
}

leat::graph two_shuffles(const std::vector<item>& records, std::vector<item>& to) {
  leat::graph g{"stopped"};
  g.from("in", support::given<item>{records})
      .flat_map("expanded", expanded)
      .key_by(support::number_of_item)
      .process("p", support::chained_hash{})
      .key_by(support::key_of_item)
      .process("q", support::chained_hash{})
      .window("pane", leat::micro_batch{10, 1ms})
      .score("score", support::by_value{})
      .map("plain", support::record_of)
      .to("out", support::keep<item>{&to});
  return g;
}

} // namespace

TEST_CASE("stopped at any moment, a job has completed exactly what it has read") {
  const auto records = support::numbered(2000, 11);
  std::set<std::uint64_t> lengths;
  support::for_seeds(300, [&, seed = std::uint64_t{0}](dice roll) mutable {
    std::vector<item> got;
    auto o = some_way_to_run(roll, ++seed);
    leat::testing::simulation world(two_shuffles(records, got), o);
    for (int steps = roll(0, 2000); steps > 0 && world.step(); --steps)
      if (roll(0, 100) == 0)
        world.set_batching("pane", roll.coin() ? leat::any_batching(leat::batch{})
                                               : leat::record_at_a_time{});
    world.stop();
    const auto report = world.run();
    if (!report)
      FAIL(to_string(report.error()));
    const std::uint64_t read = report->records();
    lengths.insert(read);
    const std::vector<item> begin(records.begin(),
                                  records.begin() + static_cast<std::ptrdiff_t>(read));
    auto rows = reference::flat_map(reference::source({begin}, reference::no_time), expanded);
    rows = reference::chained_hash(rows, support::number_of_item);
    rows = reference::chained_hash(rows, support::key_of_item);
    REQUIRE(reference::by_key(got, support::key_of_item) ==
            reference::by_key(reference::records(rows), support::key_of_item));
  });
  CHECK(lengths.size() > 20); // they were stopped at many places
}

TEST_CASE("aborted or dropped at any moment, a job is gone") {
  const auto records = support::numbered(1000, 11);
  support::for_seeds(200, [&, seed = std::uint64_t{0}](dice roll) mutable {
    std::vector<item> got;
    leat::testing::simulation world(two_shuffles(records, got), some_way_to_run(roll, ++seed));
    for (int steps = roll(0, 3000); steps > 0 && world.step(); --steps) {
    }
    if (roll.coin() || world.over())
      return; // the destructor has to do
    world.abort();
    const auto done = world.run();
    REQUIRE_FALSE(done);
    REQUIRE(done.error().domain == leat::error_domain::user);
  });
}

TEST_CASE("a fault anywhere ends the whole graph, and it is the first that is told") {
  struct breaking {
    using output_type = item;
    std::int64_t at;
    void process(const item& i, leat::emitter<item>& out, leat::context&) {
      if (i.number == at)
        throw leat::failure(leat::external_error("it broke"));
      out(i);
    }
  };
  support::for_seeds(200, [seed = std::uint64_t{0}](dice roll) mutable {
    leat::graph g{"broken"};
    auto in = g.from("in", support::given<item>{support::numbered(1000, 11)});
    auto p = in.key_by(support::key_of_item).process("p", support::chained_hash{});
    p.merge("meet", in.key_by(support::number_of_item).process("breaks", breaking{roll(0, 1000)}))
        .key_by(support::number_of_item)
        .process("q", support::chained_hash{})
        .to("out", support::discard{});
    leat::testing::simulation world(std::move(g), some_way_to_run(roll, ++seed));
    const auto done = world.run();
    REQUIRE_FALSE(done);
    REQUIRE(done.error().stage == "breaks");
    REQUIRE(done.error().what == "it broke");
  });
}

TEST_CASE("sinks that have enough end what feeds only them, and nothing else") {
  struct until {
    std::size_t* got;
    std::size_t wanted;
    leat::write_status write(std::span<const item> records) {
      *got += records.size();
      return *got >= wanted ? leat::write_status::enough : leat::write_status::more;
    }
  };
  support::for_seeds(200, [seed = std::uint64_t{0}](dice roll) mutable {
    std::size_t a = 0, b = 0, all = 0;
    const auto records = static_cast<std::int64_t>(roll.size(1, 3000));
    leat::graph g{"enough"};
    auto in = g.from("in", support::given<item>{support::numbered(records, 11)});
    auto p = in.key_by(support::key_of_item).process("p", support::chained_hash{});
    p.to("a", until{&a, roll.size(1, 500)});
    p.rebalance("spread", 2).to("b", until{&b, roll.size(1, 500)});
    const bool endless = roll.coin();
    if (endless)
      in.to("all", until{&all, 1'000'000});
    leat::testing::simulation world(std::move(g), some_way_to_run(roll, ++seed));
    const auto report = world.run();
    if (!report)
      FAIL(to_string(report.error()));
    if (endless)
      REQUIRE(all == static_cast<std::size_t>(records));
  });
}

TEST_CASE("graphs of no records end as others do") {
  for (const std::size_t parallelism : {1U, 4U}) {
    std::vector<item> got;
    leat::testing::simulation_options o;
    o.run.parallelism = parallelism;
    leat::testing::simulation world(two_shuffles({}, got), o);
    REQUIRE(world.run());
    CHECK(got.empty());
  }
}
