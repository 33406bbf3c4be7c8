// Each query gives what its reference gives.
#include "nexmark/queries.hpp"

#include "nexmark/reference.hpp"

#include "support/catch.hpp"
#include "support/simulated.hpp"

#include <leat/job.hpp>

#include <set>

using namespace nexmark;
using namespace std::chrono_literals;

namespace {

/// A slow rate, so that some seconds pass.
generator_options some_input(support::dice& roll, std::uint64_t events) {
  generator_options o;
  o.events = events;
  o.rate = roll.one_of<std::uint64_t>({20, 100, 1000});
  o.disorder = roll.one_of<std::chrono::microseconds>({0s, 500ms, 4s});
  o.splits = roll.one_of<std::uint64_t>({1, 2, 3});
  return o;
}

} // namespace

TEST_CASE("queries give what their references give, however they are run") {
  for (const query& q : queries()) {
    INFO(q.name);
    support::for_seeds(40, [&, seed = std::uint64_t{0}](support::dice roll) mutable {
      const generator_options input = some_input(roll, 600 + roll.size(0, 60));
      const results to(true);
      auto run = support::some_run(roll, ++seed);
      run.apart = roll.coin();
      leat::testing::simulation world(q.graph({input, to}), run);
      const auto report = world.run();
      if (!report)
        FAIL(to_string(report.error()));
      const auto expected = reference(q.name, all_events(input));
      REQUIRE(final_results(to.lines()) == expected);
      REQUIRE(to.count() >= expected.size());
    });
  }
}

TEST_CASE("queries give the same after crashes") {
  for (const query& q : queries()) {
    INFO(q.name);
    support::for_seeds(15, [&, seed = std::uint64_t{0}](support::dice roll) mutable {
      const generator_options input = some_input(roll, 600);
      const results to(true); // shared by all processes
      auto run = support::some_run(roll, ++seed);
      run.run.checkpoints.interval = 200us;
      const auto report = leat::testing::run_with_crashes(
          [&] {
            return q.graph({input, to});
          },
          run, 4);
      if (!report)
        FAIL(to_string(report.error()));
      REQUIRE(final_results(to.lines()) == reference(q.name, all_events(input)));
    });
  }
}

TEST_CASE("queries give the same with threads, over more events") {
  generator_options input;
  input.events = 50'000;
  input.rate = 1000;
  const auto events = all_events(input);
  for (const query& q : queries())
    for (const std::size_t parallelism : {1, 3}) {
      INFO(q.name << " with parallelism " << parallelism);
      const results to(true);
      leat::run_options run;
      run.parallelism = parallelism;
      run.workers = 2;
      REQUIRE(leat::run(q.graph({input, to}), run));
      const auto expected = reference(q.name, events);
      CHECK(!expected.empty());
      CHECK(final_results(to.lines()) == expected);
    }
}

TEST_CASE("results are counted, and kept only if asked to") {
  const results to;
  generator_options input;
  input.events = 5000;
  REQUIRE(leat::run(q0({input, to})));
  CHECK(to.count() == 4600);
  CHECK(to.lines().empty());
}

TEST_CASE("each query from 0 to 22 has a graph, or a reason why not") {
  std::set<std::string> names;
  for (const query& q : queries()) {
    CHECK(names.emplace(q.name).second);
    CHECK(find_query(q.name)->name == q.name);
    CHECK(q.graph({generator_options{}, results{}}).name() == q.name);
  }
  for (const missing_query& m : missing_queries()) {
    CHECK(names.emplace(m.name).second);
    CHECK(find_query(m.name).error().what.find(m.reason) != std::string::npos);
  }
  std::set<std::string> expected, referenced{"q10"}; // q10 has no result but files
  for (int n = 0; n <= 22; ++n)
    expected.insert("q" + std::to_string(n));
  CHECK(names == expected);
  for (const auto name : referenced_queries())
    referenced.emplace(name);
  CHECK(referenced == expected);
}

TEST_CASE("an unknown query is refused with the names of those that there are") {
  const auto none = find_query("q99");
  REQUIRE(!none);
  CHECK(none.error().what == "unknown query \"q99\"");
  CHECK(none.error().hint.starts_with("queries are q0, q1, q2, q3, "));
}
