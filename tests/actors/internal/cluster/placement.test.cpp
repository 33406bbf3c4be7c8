#include <leat/internal/cluster/placement.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

#include <leat/graph.hpp>

namespace {

leat::graph keyed_twice(std::string name = "g") {
  leat::graph g{std::move(name)};
  g.from("in", support::given<support::item>{})
      .key_by(support::key_of_item)
      .process("first", support::chained_hash{})
      .key_by(support::key_of_item)
      .process("second", support::chained_hash{})
      .rebalance("one", 1)
      .to("out", support::discard{});
  return g;
}

struct at_home : support::discard {
  static constexpr bool at_coordinator = true;
};

std::vector<std::size_t> placed(leat::graph g, std::size_t parallelism, std::size_t workers) {
  return leat::place(g.plan(), g.plan().resolve(parallelism), workers);
}

} // namespace

TEST_CASE("subtasks are spread evenly, and single ones stand with who feeds them") {
  //                             in  first     second    one  out
  CHECK(placed(keyed_twice(), 3, 3) == std::vector<std::size_t>{1, 1, 2, 3, 1, 2, 3, 2, 2});
  CHECK(placed(keyed_twice(), 4, 2) == std::vector<std::size_t>{1, 1, 1, 2, 2, 1, 1, 2, 2, 2, 2});
  CHECK(placed(keyed_twice(), 2, 1) == std::vector<std::size_t>{1, 1, 1, 1, 1, 1, 1});
}

TEST_CASE("a node knows which stages are its own") {
  auto g = keyed_twice();
  const auto resolved = g.plan().resolve(3);
  const auto nodes = leat::place(g.plan(), resolved, 3);
  //                                                          in first second one out
  CHECK(leat::stages_on(0, resolved, nodes) == std::vector<bool>{0, 0, 0, 0, 0});
  CHECK(leat::stages_on(1, resolved, nodes) == std::vector<bool>{1, 1, 1, 0, 0});
  CHECK(leat::stages_on(2, resolved, nodes) == std::vector<bool>{0, 1, 1, 1, 1});
  CHECK(leat::stages_on(3, resolved, nodes) == std::vector<bool>{0, 1, 1, 0, 0});
}

TEST_CASE("what needs the coordinator stands there") {
  leat::graph g{"g"};
  g.from("in", support::given<support::item>{}).to("out", at_home{});
  CHECK(placed(std::move(g), 1, 3) == std::vector<std::size_t>{1, 0});
}

TEST_CASE("plans have the same fingerprint only if they are the same") {
  const auto print = [](leat::graph g, std::size_t parallelism) {
    return leat::plan_fingerprint(g.plan(), g.plan().resolve(parallelism));
  };
  CHECK(print(keyed_twice(), 2) == print(keyed_twice(), 2));
  CHECK(print(keyed_twice(), 2) != print(keyed_twice(), 3));
  CHECK(print(keyed_twice(), 2) != print(keyed_twice("h"), 2));
}
