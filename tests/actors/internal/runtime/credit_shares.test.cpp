#include <leat/internal/runtime/credit_shares.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"

#include <leat/graph.hpp>
#include <leat/internal/cluster/placement.hpp>
#include <leat/internal/runtime/system.hpp>

#include <algorithm>

namespace {

using support::dice;
using node_list = std::vector<std::size_t>;

constexpr std::size_t unlimited = std::size_t{1} << 50;

leat::graph some_graph(dice& roll) {
  leat::graph g{"some"};
  leat::stream<support::item> s = g.from("in", support::given<support::item>{});
  for (int n = roll(1, 5); n > 0; --n) {
    const std::string name = "stage-" + std::to_string(n);
    if (roll.coin())
      s = s.key_by(support::key_of_item).process(name, support::chained_hash{});
    else if (roll.coin())
      s = s.rebalance(name, roll.size(1, 30));
    else
      s = s.key_by(support::key_of_item)
              .process(name, support::chained_hash{})
              .merge(name + "-again", s.filter("some", [](const auto&) { return true; }));
  }
  s.to("out", support::discard{});
  return g;
}

leat::run_options some_options(dice& roll) {
  leat::run_options o;
  o.parallelism = roll.one_of<std::size_t>({1, 2, 5, 17, 40});
  if (roll.coin())
    o.credit_limit = {roll(1, 20), roll(1, 10'000), roll(1, 1'000'000)};
  if (roll.coin())
    o.frames.bytes = roll.size(1, 100'000);
  o.node_buffer = roll.one_of<std::size_t>({1, 1000, 100'000, 1'000'000, 64 * 1024 * 1024});
  return o;
}

node_list some_nodes(dice& roll, leat::graph& g, const leat::run_options& o, std::size_t subtasks) {
  const std::size_t count = roll.size(1, 6);
  if (roll.coin())
    return *leat::place(g.plan(), g.plan().resolve(o.parallelism), leat::local_nodes(count - 1),
                        {});
  node_list nodes(subtasks);
  for (std::size_t& node : nodes)
    node = roll.size(0, count);
  return nodes;
}

struct lane {
  std::size_t from = 0, port = 0, to = 0; ///< subtasks, and a port of the first
  std::size_t stage = 0;                  ///< it leads to
  leat::credit window;
  leat::frame_limits frames;
  leat::credit expected; ///< by the consumer
};

std::vector<lane> lanes_of(const leat::wired_job& w) {
  std::vector<lane> all;
  for (std::size_t n = 0; n < w.subtasks.size(); ++n)
    for (std::size_t port = 0; port < w.subtasks[n].ports.size(); ++port) {
      const auto& s = w.subtasks[n].blueprint.settings.ports[port];
      for (const auto& [to, channel] : w.subtasks[n].ports[port])
        all.push_back({n, port, to, w.stage_of[to], s.credit_limit, s.limits,
                       w.subtasks[to].blueprint.settings.credit_limit});
    }
  return all;
}

double bytes(const lane& l) { return leat::most_bytes(l.window, l.frames); }

/// What comes to each node from others, or leaves it for them.
std::map<std::size_t, double> between_nodes(const std::vector<lane>& lanes, const node_list& nodes,
                                            std::size_t lane::*end) {
  std::map<std::size_t, double> sums;
  for (const lane& l : lanes)
    if (nodes[l.from] != nodes[l.to])
      sums[nodes[l.*end]] += bytes(l);
  return sums;
}

double most(const std::map<std::size_t, double>& sums) {
  double found = 0;
  for (const auto& [node, sum] : sums)
    found = std::max(found, sum);
  return found;
}

} // namespace

TEST_CASE("all that may come to a node, or leave it, fits its buffer whatever the parallelism") {
  int less = 0, as_usual = 0;
  support::for_seeds(300, [&](dice roll) {
    leat::graph g = some_graph(roll);
    leat::run_options o = some_options(roll);
    const leat::steady_clock time;
    leat::wired_job w = leat::wire_up(g.plan(), o, time, false);
    const auto usual = lanes_of(w);
    const node_list nodes = some_nodes(roll, g, o, w.subtasks.size());
    REQUIRE(leat::assign_nodes(g.plan(), o, w, nodes));
    const auto lanes = lanes_of(w);

    const auto buffer = static_cast<double>(o.node_buffer);
    const bool least = std::ranges::any_of(
        lanes, [](const lane& l) { return l.window.bytes == 1 || l.frames.bytes == 1; });
    const double allowed = buffer + (least ? 3 * static_cast<double>(lanes.size()) : 0);
    REQUIRE(most(between_nodes(lanes, nodes, &lane::to)) <= allowed);
    REQUIRE(most(between_nodes(lanes, nodes, &lane::from)) <= allowed);

    const bool fits = most(between_nodes(usual, nodes, &lane::to)) <= buffer &&
                      most(between_nodes(usual, nodes, &lane::from)) <= buffer;
    (fits ? as_usual : less) += 1;
    std::vector<bool> leaves_node(w.subtasks.size());
    for (const lane& l : lanes)
      leaves_node[l.stage] = leaves_node[l.stage] || nodes[l.from] != nodes[l.to];
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      REQUIRE(lanes[i].window == lanes[i].expected);
      REQUIRE(lanes[i].window.frames == usual[i].window.frames);
      REQUIRE(lanes[i].window.records == usual[i].window.records);
      REQUIRE(lanes[i].window.bytes > 0);
      REQUIRE(lanes[i].frames.bytes > 0);
      REQUIRE(bytes(lanes[i]) <= bytes(usual[i]));
      if (fits || !leaves_node[lanes[i].stage])
        REQUIRE(bytes(lanes[i]) == bytes(usual[i]));
      REQUIRE(w.subtasks[lanes[i].from].blueprint.settings.services.limits.bytes <=
              lanes[i].frames.bytes);
    }
  });
  CHECK(less > 50);
  CHECK(as_usual > 50);
}

TEST_CASE("a buffer that just suffices is used, and one node's need is not another's") {
  support::for_seeds(50, [](dice roll) {
    leat::graph g = some_graph(roll);
    leat::run_options o = some_options(roll);
    o.node_buffer = unlimited;
    const leat::steady_clock time;
    leat::wired_job w = leat::wire_up(g.plan(), o, time, false);
    const node_list nodes = some_nodes(roll, g, o, w.subtasks.size());
    REQUIRE(leat::assign_nodes(g.plan(), o, w, nodes));
    const auto lanes = lanes_of(w);
    const double needed = std::max(most(between_nodes(lanes, nodes, &lane::to)),
                                   most(between_nodes(lanes, nodes, &lane::from)));
    if (needed == 0)
      return;
    o.node_buffer = static_cast<std::size_t>(needed);
    leat::share_credit(w, o, nodes);
    const auto same = lanes_of(w);
    for (std::size_t i = 0; i < lanes.size(); ++i)
      REQUIRE(bytes(same[i]) == bytes(lanes[i]));
  });
}
