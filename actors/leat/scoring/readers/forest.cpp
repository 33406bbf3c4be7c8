#include <leat/scoring/readers/forest.hpp>

#include <leat/scoring/readers/xgboost_trees.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace leat {
forest::forest(std::size_t features, std::size_t outputs)
    : features_(features), outputs_(outputs), nodes_{leaf(0)} {
  assert(features >= 1 && features <= most_features);
}

forest::node forest::leaf(float value) const {
  return {value, static_cast<std::uint16_t>(2 * features_), 0};
}

forest::group& forest::group_of(std::size_t output) {
  if (groups_.empty() || groups_.back().output != output || groups_.back().trees == lanes)
    groups_.emplace_back().output = output;
  return groups_.back();
}

result<void> forest::add(const xgboost_tree& tree, std::size_t output, float weight) {
  if (!std::isfinite(weight))
    return user_error(fmt::format("its weight is {}, which is not finite", weight));
  // The levels that every row passes lie together.
  const auto order = breadth_first(tree, features_);
  if (!order)
    return order.error();

  const auto root = nodes_.size();
  std::size_t children = 1; // index into order: those of the next split
  for (std::size_t i = 0; i < order->size(); ++i) {
    const std::size_t at = (*order)[i].node;
    const float condition = tree.split_conditions[at];
    if (!std::isfinite(condition))
      return user_error(fmt::format("node {} holds {}, which is not finite", at, condition));
    if (tree.left_children[at] == no_child) {
      nodes_.push_back(leaf(condition * weight));
      continue;
    }
    if (!tree.split_type.empty() && tree.split_type[at] != 0)
      return user_error(fmt::format("node {} is a categorical split, which is not supported", at));
    if (children - i > std::numeric_limits<std::uint16_t>::max())
      return user_error(fmt::format("it is too wide: node {} comes {} places before its children; "
                                    "65535 are supported",
                                    at, children - i));
    const auto feature = static_cast<std::size_t>(tree.split_indices[at]);
    const auto column = tree.default_left[at] == 1 ? feature : features_ + feature;
    nodes_.push_back(
        {condition, static_cast<std::uint16_t>(column), static_cast<std::uint16_t>(children - i)});
    children += 2;
  }

  group& g = group_of(output);
  g.roots[g.trees++] = static_cast<std::uint32_t>(root);
  g.depth = std::max(g.depth, order->back().depth);
  return {};
}

/// XGBoost goes left if feature < threshold. Every threshold is finite, so -inf leads left and +inf
/// right, and what is not missing compares as it is.
void forest::prepare(const float* row, float* prepared) const {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (std::size_t f = 0; f < features_; ++f)
    prepared[f] = std::isnan(row[f]) ? -infinity : row[f];
  for (std::size_t f = 0; f < features_; ++f)
    prepared[features_ + f] = std::isnan(row[f]) ? infinity : row[f];
  prepared[2 * features_] = std::numeric_limits<float>::quiet_NaN();
}

/// Walks the trees from `first` on, and adds their leaves.
template <std::size_t Lanes>
float forest::walk(const group& g, std::size_t first, const float* row, float sum) const {
  const node* const nodes = nodes_.data();
  std::array<std::uint32_t, Lanes> at;
  std::copy_n(g.roots.begin() + first, Lanes, at.begin());
  for (std::uint32_t level = 0; level < g.depth; ++level)
#pragma GCC unroll 16 // keeps every lane in a register
    for (auto& lane : at) {
      const node& n = nodes[lane];
      lane += n.children + (row[n.feature] >= n.threshold);
    }
  const std::size_t trees = std::min(Lanes, g.trees - first);
  for (std::size_t t = 0; t < trees; ++t)
    sum += nodes[at[t]].threshold;
  return sum;
}

float forest::sum_leaves(const group& g, const float* row, float sum) const {
  if (g.trees == lanes)
    return walk<lanes>(g, 0, row, sum);
  for (std::size_t first = 0; first < g.trees; first += few_lanes)
    sum = walk<few_lanes>(g, first, row, sum);
  return sum;
}

/// Rows go through all trees in blocks: large enough to reuse a group of trees while it is in the
/// first-level cache, small enough to stay there themselves.
void forest::add_leaves(const float* rows, std::size_t count, float* sums) const {
  constexpr std::size_t most_rows = 64;
  std::array<float, 2 * most_features + 1> prepared;
  const std::size_t width = prepared_width();
  const std::size_t block = std::min(most_rows, prepared.size() / width);

  while (count > 0) {
    const std::size_t size = std::min(block, count);
    for (std::size_t r = 0; r < size; ++r)
      prepare(rows + r * features_, prepared.data() + r * width);
    for (const group& g : groups_)
      for (std::size_t r = 0; r < size; ++r) {
        float& sum = sums[r * outputs_ + g.output];
        sum = sum_leaves(g, prepared.data() + r * width, sum);
      }
    count -= size;
    rows += size * features_;
    sums += size * outputs_;
  }
}

} // namespace leat
