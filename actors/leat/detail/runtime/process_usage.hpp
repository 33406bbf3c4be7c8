// What a process takes of its host.
#pragma once

#include <leat/time.hpp>

#include <atomic>
#include <cstdint>

namespace leat {

/// Since the process began.
struct process_usage {
  clock_time cpu = 0;       ///< processor time of all its threads, in nanoseconds
  std::uint64_t memory = 0; ///< in bytes: the most that was resident; 0 if it is not known
};

/// That of this process.
process_usage own_usage();

/// The latest usage of a process, stored by one thread and read by any.
class reported_usage {
public:
  void store(const process_usage& u) {
    cpu_.store(u.cpu, std::memory_order_relaxed);
    memory_.store(u.memory, std::memory_order_relaxed);
  }
  process_usage load() const {
    return {cpu_.load(std::memory_order_relaxed), memory_.load(std::memory_order_relaxed)};
  }

private:
  std::atomic<clock_time> cpu_{0};
  std::atomic<std::uint64_t> memory_{0};
};

} // namespace leat
