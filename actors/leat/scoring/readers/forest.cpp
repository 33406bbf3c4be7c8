#include <leat/scoring/readers/forest.hpp>

#include <leat/scoring/readers/xgboost_trees.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace leat {
namespace {

/// The nodes at the places of a tree's first levels and of the level below them.
using places = std::array<std::uint32_t, 2 * tree_top::places>;

places complete(const std::vector<tree_node>& nodes, std::uint32_t root, std::uint32_t levels) {
  places at{};
  at[1] = root;
  for (std::size_t place = 1; place < std::size_t{1} << levels; ++place) {
    const std::uint32_t children = nodes[at[place]].children;
    at[2 * place] = at[place] + children;
    at[2 * place + 1] = at[place] + children + (children != 0); // no row goes right at a leaf
  }
  return at;
}

tree_top top_of(const std::vector<tree_node>& nodes, std::uint32_t root, std::uint32_t depth,
                std::size_t output) {
  tree_top top;
  top.levels = std::min(depth, tree_top::most_levels);
  top.levels_below = depth - top.levels;
  top.output = output;
  const places at = complete(nodes, root, top.levels);
  const std::size_t first_exit = std::size_t{1} << top.levels;
  for (std::size_t place = 1; place < first_exit; ++place) {
    top.thresholds[place] = nodes[at[place]].threshold;
    top.columns[place] = nodes[at[place]].column;
  }
  for (std::size_t place = first_exit; place < 2 * first_exit; ++place)
    top.exits[place % tree_top::places] =
        top.levels_below > 0 ? std::bit_cast<float>(at[place]) : nodes[at[place]].threshold;
  return top;
}

/// Spare lanes, which are all 0, leave the top for the empty leaf.
void set_lane(group_top& top, std::size_t lane, const std::vector<tree_node>& nodes,
              std::uint32_t root) {
  const places at = complete(nodes, root, group_top::levels);
  for (std::size_t place = 1; place < group_top::places; ++place) {
    top.thresholds[place][lane] = std::bit_cast<std::uint32_t>(nodes[at[place]].threshold);
    top.columns[place][lane] = nodes[at[place]].column;
  }
  for (std::size_t exit = 0; exit < group_top::places; ++exit)
    top.exits[exit][lane] = at[group_top::places + exit];
}

/// Trees in one walk where fewer than a group are left.
constexpr std::size_t few_lanes = 4;
static_assert(tree_group::lanes % few_lanes == 0);

/// Walks the trees from `first` on, and adds their leaves.
template <std::size_t Lanes>
float walk(const tree_node* nodes, const tree_group& g, std::size_t first, const float* row,
           float sum) {
  std::array<std::uint32_t, Lanes> at;
  std::copy_n(g.roots.begin() + first, Lanes, at.begin());
  for (std::uint32_t level = 0; level < g.depth; ++level)
#pragma GCC unroll 16 // keeps every lane in a register
    for (auto& lane : at) {
      const tree_node& n = nodes[lane];
      lane += n.children + (row[n.column] >= n.threshold);
    }
  const std::size_t trees = std::min(Lanes, g.trees - first);
  for (std::size_t t = 0; t < trees; ++t)
    sum += nodes[at[t]].threshold;
  return sum;
}

} // namespace

forest::forest(std::size_t features, std::size_t outputs, const vector_walker* vectors)
    : vectors_(vectors) {
  assert(features >= 1 && features <= most_features);
  layout_.features = features;
  layout_.outputs = outputs;
  layout_.nodes.push_back(leaf(0));
}

tree_node forest::leaf(float value) const {
  return {value, static_cast<std::uint16_t>(2 * layout_.features), 0};
}

tree_group& forest::group_of(std::size_t output) {
  auto& groups = layout_.groups;
  if (groups.empty() || groups.back().output != output ||
      groups.back().trees == tree_group::lanes) {
    groups.emplace_back().output = output;
    auto& bundles = layout_.bundles;
    if (bundles.empty() || bundles.back().groups == group_bundle::most_groups)
      bundles.emplace_back().first = groups.size() - 1;
    ++bundles.back().groups;
  }
  return groups.back();
}

result<void> forest::add(const xgboost_tree& tree, std::size_t output, float weight) {
  if (!std::isfinite(weight))
    return user_error(fmt::format("its weight is {}, which is not finite", weight));
  // The levels that every row passes lie together.
  const auto order = breadth_first(tree, layout_.features);
  if (!order)
    return order.error();

  auto& nodes = layout_.nodes;
  const auto root = static_cast<std::uint32_t>(nodes.size());
  std::size_t children = 1; // index into order: those of the next split
  for (std::size_t i = 0; i < order->size(); ++i) {
    const std::size_t at = (*order)[i].node;
    const float condition = tree.split_conditions[at];
    if (!std::isfinite(condition))
      return user_error(fmt::format("node {} holds {}, which is not finite", at, condition));
    if (tree.left_children[at] == no_child) {
      nodes.push_back(leaf(condition * weight));
      continue;
    }
    if (!tree.split_type.empty() && tree.split_type[at] != 0)
      return user_error(fmt::format("node {} is a categorical split, which is not supported", at));
    if (children - i > std::numeric_limits<std::uint16_t>::max())
      return user_error(fmt::format("it is too wide: node {} comes {} places before its children; "
                                    "65535 are supported",
                                    at, children - i));
    const auto feature = static_cast<std::size_t>(tree.split_indices[at]);
    const auto column = tree.default_left[at] == 1 ? feature : layout_.features + feature;
    nodes.push_back(
        {condition, static_cast<std::uint16_t>(column), static_cast<std::uint16_t>(children - i)});
    children += 2;
  }

  tree_group& g = group_of(output);
  group_bundle& bundle = layout_.bundles.back();
  const std::uint32_t depth = order->back().depth;
  if (bundles_fit()) {
    layout_.group_tops.resize(layout_.groups.size());
    set_lane(layout_.group_tops.back(), g.trees, nodes, root);
  }
  if (rows_fit())
    layout_.tree_tops.push_back(top_of(nodes, root, depth, output));
  g.roots[g.trees++] = root;
  g.depth = std::max(g.depth, depth);
  ++bundle.trees;
  bundle.depth = std::max(bundle.depth, depth);
  layout_.depth = std::max(layout_.depth, depth);
  choose_walkers();
  return {};
}

bool forest::bundles_fit() const {
  return vectors_ && layout_.columns() <= vector_walker::most_columns_of_bundles;
}

bool forest::rows_fit() const {
  return vectors_ && layout_.columns() <= vector_walker::most_columns_of_rows;
}

/// Vectors cost the same however few of their lanes are used. Those of trees pay off by the levels
/// of all their trees; those of rows by the rows in them, and, below the tops, where they gather
/// nodes, only if several hide each other's waiting.
void forest::choose_walkers() {
  group_bundle& bundle = layout_.bundles.back();
  bundle.in_vectors = bundles_fit() && bundle.trees >= 24 && bundle.trees * bundle.depth >= 120;
  if (rows_fit())
    least_rows_ = layout_.depth <= tree_top::most_levels ? 8 : 24;
}

std::size_t forest::rows_in_vectors(std::size_t count) const {
  if (count < least_rows_)
    return 0;
  const std::size_t rest = count % vector_walker::most_rows;
  return rest < least_rows_ ? count - rest : count;
}

/// XGBoost goes left if feature < threshold. What is not missing compares as it is.
void forest::prepare(const float* row, float* prepared) const {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const std::size_t features = layout_.features;
  for (std::size_t f = 0; f < features; ++f)
    prepared[f] = std::isnan(row[f]) ? -infinity : row[f];
  for (std::size_t f = 0; f < features; ++f)
    prepared[features + f] = std::isnan(row[f]) ? infinity : row[f];
  prepared[2 * features] = std::numeric_limits<float>::quiet_NaN();
}

float forest::sum_leaves(const tree_group& g, const float* prepared, float sum) const {
  const tree_node* const nodes = layout_.nodes.data();
  if (g.trees == tree_group::lanes)
    return walk<tree_group::lanes>(nodes, g, 0, prepared, sum);
  for (std::size_t first = 0; first < g.trees; first += few_lanes)
    sum = walk<few_lanes>(nodes, g, first, prepared, sum);
  return sum;
}

/// Rows go through all trees in blocks: large enough to reuse a bundle of trees while it is in the
/// cache, small enough to stay there themselves.
void forest::add_leaves(const float* rows, std::size_t count, float* sums) const {
  const auto [features, outputs] = std::pair(layout_.features, layout_.outputs);
  if (const std::size_t taken = rows_in_vectors(count); taken > 0) {
    vectors_->add_rows(layout_, rows, taken, sums);
    count -= taken;
    rows += taken * features;
    sums += taken * outputs;
  }

  constexpr std::size_t most_rows = 64;
  std::array<float, 2 * most_features + 1> prepared;
  const tree_group* const groups = layout_.groups.data();
  const std::size_t width = layout_.columns();
  const std::size_t block = std::min(most_rows, prepared.size() / width);

  while (count > 0) {
    const std::size_t size = std::min(block, count);
    for (std::size_t r = 0; r < size; ++r)
      prepare(rows + r * features, prepared.data() + r * width);
    for (const group_bundle& bundle : layout_.bundles) {
      if (bundle.in_vectors) {
        for (std::size_t r = 0; r < size; ++r)
          vectors_->add_bundle(layout_, bundle, prepared.data() + r * width, sums + r * outputs);
        continue;
      }
      for (std::size_t g = bundle.first; g < bundle.first + bundle.groups; ++g)
        for (std::size_t r = 0; r < size; ++r) {
          float& sum = sums[r * outputs + groups[g].output];
          sum = sum_leaves(groups[g], prepared.data() + r * width, sum);
        }
    }
    count -= size;
    rows += size * features;
    sums += size * outputs;
  }
}

} // namespace leat
