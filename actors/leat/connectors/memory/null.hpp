// Discards records, for benchmarks.
#pragma once

#include <span>

namespace leat {

struct null_sink {
  template <class T>
  void write(std::span<const T>) {}
};

} // namespace leat
