// What a C++ programmer would write by hand: the limits we compare with.
#pragma once

#include "item.hpp"

#include <cstddef>
#include <memory>

namespace bench {

/// A stage behind one virtual call per record.
class consumer {
public:
  virtual ~consumer() = default;
  virtual void push(const item& record) = 0;
};

/// Defined in another file, so that the compiler cannot see through the call.
std::unique_ptr<consumer> map_filter_sum(std::uint64_t& sum);

/// Generates `count` items into it; returns seconds.
double virtual_loop(std::uint64_t count, std::uint64_t& sum);

struct latencies {
  double p50_us = 0;
  double p99_us = 0;
};

/// Two threads, a queue, a mutex and a condition variable; latency from the time each of `count`
/// records was due, at `rate` records/s.
latencies two_threads(std::uint64_t count, double rate);

} // namespace bench
