// How the trees of a forest lie in memory: what its walkers share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace leat {

/// One step leads from node i to i + children, or, if row[column] >= threshold, one further. Rows
/// are prepared for that (see forest_layout::columns). A leaf, whose children are 0 away, compares
/// NaN and so stays.
struct tree_node {
  float threshold; ///< in a leaf its value
  std::uint16_t column;
  std::uint16_t children;
};
static_assert(sizeof(tree_node) == 8); // vectors gather it as a whole

/// Neighbouring trees of one output, by their roots; lanes to spare stand on an empty leaf.
struct tree_group {
  /// Trees in one walk: enough to hide the waiting, few enough for the registers.
  static constexpr std::size_t lanes = 16;

  std::array<std::uint32_t, lanes> roots{};
  std::uint32_t trees = 0;
  std::uint32_t depth = 0; ///< of the deepest
  std::size_t output = 0;
};

/// Neighbouring groups, which one row walks together where that is `in_vectors`, a lane for each
/// tree.
struct group_bundle {
  static constexpr std::size_t most_groups = 4;

  std::size_t first = 0; ///< group
  std::size_t groups = 0;
  std::size_t trees = 0;
  std::uint32_t depth = 0; ///< of the deepest
  bool in_vectors = false;
};

// The first levels of trees are completed for vectors: a leaf that comes early is continued by
// splits that lead to it. The root is at place 1, the children of place i are at 2i and 2i + 1.

/// The first levels of a group's trees, a lane for each tree.
struct group_top {
  static constexpr std::uint32_t levels = 3;
  static constexpr std::size_t places = 1 << levels;
  using lane_values = std::array<std::uint32_t, tree_group::lanes>;

  alignas(64) std::array<lane_values, places> thresholds{}; ///< their bits
  std::array<lane_values, places> columns{};
  std::array<lane_values, places> exits{}; ///< the nodes below, from the left
};

/// The first levels of one tree.
struct tree_top {
  static constexpr std::uint32_t most_levels = 6;
  static constexpr std::size_t places = 1 << most_levels;

  alignas(64) std::array<float, places> thresholds{};
  std::array<std::uint16_t, places> columns{};
  /// Where a row leaves the top, by its last place modulo `places`: the leaf's value, or, if levels
  /// are left below, the bits of the node's index.
  std::array<float, places> exits{};
  std::uint32_t levels = 0;
  std::uint32_t levels_below = 0;
  std::size_t output = 0;
};

/// Trees of one output come in a row, in the order of their additions.
struct forest_layout {
  std::size_t features = 0;
  std::size_t outputs = 0;
  std::uint32_t depth = 0;      ///< of the deepest tree
  std::vector<tree_node> nodes; ///< fewer than 2^31, which are 16 GB: gathers take signed indices
  std::vector<tree_group> groups;
  std::vector<group_bundle> bundles;
  std::vector<group_top> group_tops; ///< one for each group, or none if rows are too wide for them
  std::vector<tree_top> tree_tops;   ///< likewise for each tree

  /// The width of a prepared row: features with missing = -inf, the same with missing = +inf, and
  /// NaN. Every threshold is finite, so -inf leads left and +inf right.
  std::size_t columns() const { return 2 * features + 1; }
};

} // namespace leat
