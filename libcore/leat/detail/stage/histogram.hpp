// A histogram of durations with relative precision: 32 buckets to each power of two, so a quantile
// is off by at most 3 %. One thread writes, any thread may read meanwhile.
#pragma once

#include <leat/time.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>

namespace leat {

class histogram {
public:
  void add(clock_time nanoseconds, std::uint64_t count = 1) {
    const auto value = static_cast<std::uint64_t>(std::max<clock_time>(nanoseconds, 0));
    auto& bucket = buckets_[index_of(value)];
    bucket.store(bucket.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    if (value > highest_.load(std::memory_order_relaxed))
      highest_.store(value, std::memory_order_relaxed);
  }

  void merge(const histogram& other) {
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      buckets_[i] += other.buckets_[i].load(std::memory_order_relaxed);
    highest_ = std::max(highest_.load(), other.highest_.load(std::memory_order_relaxed));
  }

  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const auto& b : buckets_)
      sum += b.load(std::memory_order_relaxed);
    return sum;
  }

  /// The duration that this share of all does not exceed, in nanoseconds; 0 if there are none.
  clock_time quantile(double share) const {
    const double wanted = share * static_cast<double>(count());
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i].load(std::memory_order_relaxed);
      if (seen > 0 && static_cast<double>(seen) >= wanted)
        return std::min(upper_bound_of(i), highest());
    }
    return highest();
  }
  clock_time highest() const {
    return static_cast<clock_time>(highest_.load(std::memory_order_relaxed));
  }

  /// Calls `visit(bucket, count)` for each bucket that has some, and for a last one, beyond the
  /// others, that holds the highest duration.
  template <class Visit>
  void each_bucket(Visit visit) const {
    for (std::uint32_t i = 0; i < buckets_.size(); ++i)
      if (const auto count = buckets_[i].load(std::memory_order_relaxed))
        visit(i, count);
    visit(static_cast<std::uint32_t>(buckets_.size()), highest_.load(std::memory_order_relaxed));
  }
  /// Sets what each_bucket told; false if there is no such bucket.
  bool set_bucket(std::uint32_t bucket, std::uint64_t count) {
    if (bucket > buckets_.size())
      return false;
    (bucket < buckets_.size() ? buckets_[bucket] : highest_)
        .store(count, std::memory_order_relaxed);
    return true;
  }

private:
  static constexpr unsigned precision_bits = 5;
  static constexpr std::size_t per_power = 1U << precision_bits;

  static std::size_t index_of(std::uint64_t value) {
    if (value < per_power)
      return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - precision_bits;
    return (shift + 1) * per_power + ((value >> shift) - per_power);
  }
  static clock_time upper_bound_of(std::size_t index) {
    if (index < per_power)
      return static_cast<clock_time>(index);
    const std::size_t shift = index / per_power - 1;
    const std::uint64_t base = per_power + index % per_power;
    return static_cast<clock_time>(((base + 1) << shift) - 1);
  }

  std::array<std::atomic<std::uint64_t>, (64 - precision_bits + 1) * per_power> buckets_{};
  std::atomic<std::uint64_t> highest_{0};
};

} // namespace leat
