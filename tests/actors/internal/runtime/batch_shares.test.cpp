#include <leat/internal/runtime/batch_shares.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/scoring.hpp"

#include <leat/graph.hpp>
#include <leat/internal/runtime/system.hpp>

namespace {

struct zero {
  using score_type = float;
  template <class T>
  void predict(std::span<const T>, std::span<float> scores) const {
    std::ranges::fill(scores, 0.f);
  }
};

// A source, a windowing stage of one subtask, and one of two.
leat::graph two_windows() {
  leat::graph g{"two"};
  g.from("in", support::given<support::item>{})
      .window("first", leat::batch{})
      .score("score", zero{})
      .key_by([](const leat::scored<support::item>& s) { return s.record.key; })
      .window("second", leat::record_at_a_time{})
      .score("again", zero{})
      .to("out", support::discard{});
  return g;
}

std::map<std::string, std::vector<std::size_t>> shares(const leat::wired_job& w) {
  std::map<std::string, std::vector<std::size_t>> all;
  for (const auto& t : w.subtasks)
    all[t.stage].push_back(t.blueprint.settings.services.batch_memory);
  return all;
}

} // namespace

TEST_CASE("the memory of a process is divided among its windowing subtasks") {
  leat::graph g = two_windows();
  leat::run_options o;
  o.parallelism = 2;
  o.batch_memory = 3000;
  const leat::steady_clock time;
  leat::wired_job w = leat::wire_up(g.plan(), o, time, false);
  auto got = shares(w);
  CHECK(got["first"] == std::vector<std::size_t>{1000});
  CHECK(got["second"] == std::vector<std::size_t>{1000, 1000});

  std::vector<std::size_t> nodes(w.subtasks.size(), 0);
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (w.subtasks[n].stage == "second" && w.subtasks[n].blueprint.settings.services.subtask == 1)
      nodes[n] = 1; // alone there
  REQUIRE(leat::assign_nodes(g.plan(), o, w, nodes));
  got = shares(w);
  CHECK(got["first"] == std::vector<std::size_t>{1500});
  CHECK(got["second"] == std::vector<std::size_t>{1500, 3000});

  o.batch_memory = 1; // never nothing
  leat::share_batch_memory(w, g.plan(), o);
  CHECK(shares(w)["first"] == std::vector<std::size_t>{1});
}
