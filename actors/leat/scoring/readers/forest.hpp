// Regression trees laid out for speed: all nodes in one array, sixteen trees walked at a time.
#pragma once

#include <leat/error.hpp>
#include <leat/scoring/readers/xgboost_file.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace leat {

/// Binary trees whose leaves are summed up. A walk down one tree is all waiting for memory, so a
/// row walks several trees in lockstep, without branches. Every row takes the same way through this
/// code, alone or among others, and its leaves are added in the order of the trees: sums are
/// bit-identical however rows are cut.
class forest {
public:
  /// Rows up to this width have room on the stack, twice.
  static constexpr std::size_t most_features = 8191;

  /// The widths of a row (1 to most_features) and of its sums.
  forest(std::size_t features, std::size_t outputs);

  /// Appends a tree whose leaves, times `weight`, count towards `output`. All trees of one output
  /// come in a row, in the order of their additions. The tree is checked: the error says what is
  /// wrong with it, and leaves a forest not to be used.
  result<void> add(const xgboost_tree& tree, std::size_t output, float weight = 1);

  std::size_t features() const { return features_; }
  std::size_t outputs() const { return outputs_; }

  /// Adds the leaves that `count` rows reach to their sums; both are row-major, and a NaN feature
  /// is missing. Thread-safe, allocates nothing.
  void add_leaves(const float* rows, std::size_t count, float* sums) const;

private:
  /// Trees in one walk: enough to hide the waiting, few enough for the registers.
  static constexpr std::size_t lanes = 16;
  /// Trees in one walk where fewer than `lanes` are left.
  static constexpr std::size_t few_lanes = 4;
  static_assert(lanes % few_lanes == 0);

  /// One step leads from node i to i + children, or, if row[feature] >= threshold, one further.
  /// Rows are prepared for that: missing values are replaced by whichever infinity leads to their
  /// side, and a leaf, whose children are 0 away, compares NaN and so stays.
  struct node {
    float threshold; ///< in a leaf its value
    std::uint16_t feature;
    std::uint16_t children;
  };

  /// Neighbouring trees of one output, by their roots; lanes to spare stand on an empty leaf.
  struct group {
    std::array<std::uint32_t, lanes> roots{};
    std::uint32_t trees = 0;
    std::uint32_t depth = 0; ///< of the deepest
    std::size_t output = 0;
  };

  /// A prepared row: features with missing = -inf, the same with missing = +inf, and NaN.
  std::size_t prepared_width() const { return 2 * features_ + 1; }
  void prepare(const float* row, float* prepared) const;

  node leaf(float value) const;
  group& group_of(std::size_t output);
  template <std::size_t Lanes>
  float walk(const group& g, std::size_t first, const float* row, float sum) const;
  float sum_leaves(const group& g, const float* row, float sum) const;

  std::size_t features_;
  std::size_t outputs_;
  std::vector<node> nodes_;
  std::vector<group> groups_;
};

} // namespace leat
