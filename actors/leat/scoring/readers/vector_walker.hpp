// Walks trees in vectors of sixteen lanes, where the processor has them.
#pragma once

#include <cstddef>

namespace leat {

struct forest_layout;
struct group_bundle;

/// The vector instructions of a processor, as a forest uses them. Both functions give the bits of
/// the plain walker: a row's leaves are added as floats, in the order of the trees.
struct vector_walker {
  static constexpr std::size_t lanes = 16;
  /// Rows that walk together.
  static constexpr std::size_t most_rows = 64;
  /// The widest prepared rows that a bundle takes (in registers), and that sixteen of which fit on
  /// the stack.
  static constexpr std::size_t most_columns_of_bundles = 64;
  static constexpr std::size_t most_columns_of_rows = 1023;

  /// Adds the leaves of a bundle to the sums of one prepared row, a lane for each tree. Reads
  /// group_tops.
  void (*add_bundle)(const forest_layout& trees, const group_bundle& bundle, const float* prepared,
                     float* sums);

  /// Adds the leaves that `count` rows reach to their sums, a lane for each row. Reads tree_tops.
  void (*add_rows)(const forest_layout& trees, const float* rows, std::size_t count, float* sums);
};

/// That of this processor; null if it has none.
const vector_walker* find_vector_walker();

} // namespace leat
