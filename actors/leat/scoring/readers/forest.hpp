// Regression trees laid out for speed: all nodes in one array, sixteen trees or sixteen rows walked
// at a time.
#pragma once

#include <leat/error.hpp>
#include <leat/scoring/readers/forest_layout.hpp>
#include <leat/scoring/readers/vector_walker.hpp>
#include <leat/scoring/readers/xgboost_file.hpp>

#include <cstddef>
#include <limits>

namespace leat {

/// Binary trees whose leaves are summed up. A walk down one tree is all waiting for memory, so a
/// row walks several trees in lockstep, without branches; with vectors, several rows walk one tree.
/// Either way a row's leaves are added in the order of the trees, as floats: sums are bit-identical
/// however rows are cut, and whichever walker takes them.
class forest {
public:
  /// Rows up to this width have room on the stack, twice.
  static constexpr std::size_t most_features = 8191;

  /// The widths of a row (1 to most_features) and of its sums; without `vectors`, the plain walker
  /// takes all rows.
  forest(std::size_t features, std::size_t outputs, const vector_walker* vectors);

  /// Appends a tree whose leaves, times `weight`, count towards `output`. All trees of one output
  /// come in a row, in the order of their additions. The tree is checked: the error says what is
  /// wrong with it, and leaves a forest not to be used.
  result<void> add(const xgboost_tree& tree, std::size_t output, float weight = 1);

  /// Adds the leaves that `count` rows reach to their sums; both are row-major, and a NaN feature
  /// is missing. Thread-safe, allocates nothing.
  void add_leaves(const float* rows, std::size_t count, float* sums) const;

private:
  tree_node leaf(float value) const;
  tree_group& group_of(std::size_t output);

  bool bundles_fit() const; ///< rows are narrow enough for bundles in vectors
  bool rows_fit() const;    ///< likewise for rows in vectors
  /// After a tree was added: which walker takes what, by the width of rows, the trees and their
  /// depth.
  void choose_walkers();
  /// How many of `count` rows walk in vectors, a lane for each; the others walk one by one.
  std::size_t rows_in_vectors(std::size_t count) const;

  void prepare(const float* row, float* prepared) const;
  float sum_leaves(const tree_group& g, const float* prepared, float sum) const;

  const vector_walker* vectors_;
  forest_layout layout_;
  /// From so many rows on, what is left of a block walks in vectors.
  std::size_t least_rows_ = std::numeric_limits<std::size_t>::max();
};

} // namespace leat
