// Whether the trees of a model file are trees: what every reader of them relies on, and what the
// XGBoost library takes on trust.
#pragma once

#include <leat/scoring/readers/xgboost_file.hpp>

namespace leat {

/// The left child of a leaf.
inline constexpr std::int32_t no_child = -1;

/// A node as a walk from the root meets it.
struct visited_node {
  std::size_t node; ///< index into the tree's arrays
  std::uint32_t depth;
};

/// The nodes of a tree that can be reached, breadth first: siblings follow each other. The error
/// says what is wrong with a tree that is none, or reads more than `features`.
result<std::vector<visited_node>> breadth_first(const xgboost_tree& tree, std::size_t features);

/// The file's trees by their ids, which must be 0, 1, 2, ...; each adds to one of `outputs`.
result<std::vector<const xgboost_tree*>> trees_in_order(const xgboost_file& file,
                                                        std::size_t outputs);

} // namespace leat
