// Records that descend from others through many expansions keep their order, and where their stamps
// have no more room the job says so.
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using support::item;
namespace reference = support::reference;

namespace {

const auto key = [](const item& i) { return i.key; };
const auto by_value = [](const item& i) { return i.value % 7; };

// 600 children, of which last_of_family passes on those with the largest numbers.
const auto family = [](const item& i) {
  std::vector<item> all;
  for (std::int64_t n = 0; n < 600; ++n)
    all.push_back({i.key, n, i.value * 3 + n});
  return all;
};

struct last_of_family {
  using output_type = item;
  std::int64_t first;
  void process(const item& i, leat::emitter<item>& out, leat::context&) {
    if (i.number >= first)
      out(i);
  }
};

leat::graph expanding(int times, std::int64_t first, std::vector<item>& to) {
  leat::graph g{"expanding"};
  auto s = g.from("in", support::given<item>{support::numbered(3)}).map("start", [](const item& i) {
    return i;
  });
  leat::stream<item> next = std::move(s).rebalance("spread");
  for (int n = 0; n < times; ++n)
    next = std::move(next)
               .flat_map("family " + std::to_string(n), family)
               .key_by(by_value)
               .process("last " + std::to_string(n), last_of_family{first});
  std::move(next)
      .key_by(key)
      .process("hash", support::chained_hash{})
      .to("out", support::keep<item>{&to});
  return g;
}

leat::testing::simulation_options run_with(std::size_t parallelism, std::uint64_t seed) {
  leat::testing::simulation_options o;
  o.seed = seed;
  o.run.parallelism = parallelism;
  return o;
}

} // namespace

TEST_CASE("four expansions of 600 give the same results whatever the parallelism") {
  std::map<std::int64_t, std::vector<item>> wanted;
  for (const std::size_t parallelism : {1, 2, 4})
    for (const std::uint64_t seed : {1, 2}) {
      std::vector<item> got;
      const auto report =
          leat::testing::simulation(expanding(4, 597, got), run_with(parallelism, seed)).run();
      REQUIRE(report);
      REQUIRE(got.size() == 3 * 81);
      if (wanted.empty())
        wanted = reference::by_key(got, key);
      REQUIRE(reference::by_key(got, key) == wanted);
    }
}

TEST_CASE("stamps that have no room for one more expansion are a fault of the stage") {
  std::vector<item> got;
  const auto report = leat::testing::simulation(expanding(7, 599, got), run_with(2, 1)).run();
  REQUIRE_FALSE(report);
  CHECK(report.error().what == "the stamp of a derived record exceeds 121 bits");
  CHECK(report.error().stage == "last 5"); // which emits into the seventh expansion
  CHECK(report.error().domain == leat::error_domain::user);
}
