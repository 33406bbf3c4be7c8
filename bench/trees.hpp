// The native tree scorer against the XGBoost library on the same model and rows, and its walkers
// against each other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bench {

/// Nanoseconds a row, medians, one thread.
struct tree_times {
  double library = 0;
  double plain = 0;  ///< the native scorer's plain walker alone
  double native = 0; ///< with vectors, where the processor has them
};

/// Scoring one row a call, and 512 a call.
struct tree_figures {
  tree_times one;
  tree_times many;
};

/// Whether the native scorer has vectors here.
bool trees_have_vectors();

/// Trains 100 trees of depth 6 on 28 features, then times all sides in turns, `repeats` times each.
tree_figures measure_trees(int repeats);

/// The same times without the library: so many complete trees of random splits on 28 features.
struct walker_figures {
  std::uint32_t depth = 0;
  std::size_t trees = 0;
  tree_times one;
  tree_times many;
};
walker_figures measure_walkers(std::uint32_t depth, std::size_t trees, int repeats);

} // namespace bench
