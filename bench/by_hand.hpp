// What a C++ programmer would write by hand: the limits we compare with.
#pragma once

#include "item.hpp"

#include <cstddef>
#include <memory>
#include <span>

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

/// How a thread waits until a record is due: by the system's sleep, or as precisely as a machine
/// can, which takes a core.
enum class waiting { asleep, spinning };

/// Two threads, a queue, a mutex and a condition variable; latency from the time each of `count`
/// records was due, at `rate` records/s.
latencies two_threads(std::uint64_t count, double rate, waiting how);

/// The graphs with keyed stages. Each stage adds to a running sum per key.
enum class keyed_shape {
  one_stage,      ///< of one subtask
  two_by_arrival, ///< of two subtasks each; the second stage takes records as they arrive
  two_by_stamp    ///< likewise; the second stage merges them in the order of the source
};

/// What their sink adds up.
struct keyed_sums {
  std::uint64_t values = 0;
  std::uint64_t others = 0;

  void add(std::span<const item> records) {
    for (const item& i : records) {
      values += i.value;
      others += i.other;
    }
  }
};

/// One thread, queues of frames, and tables with open addressing; returns nanoseconds of CPU a
/// record.
double keyed_by_hand(keyed_shape shape, std::uint64_t count, keyed_sums& sums);

} // namespace bench
