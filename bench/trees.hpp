// The native tree scorer against the XGBoost library, on the same model and rows.
#pragma once

namespace bench {

/// Nanoseconds a row, medians, one thread: scoring one row a call, and 512 a call.
struct tree_figures {
  double library_one = 0;
  double native_one = 0;
  double library_512 = 0;
  double native_512 = 0;
};

/// Trains 100 trees of depth 6 on 28 features, then times both sides in turns, `repeats` times
/// each.
tree_figures measure_trees(int repeats);

} // namespace bench
