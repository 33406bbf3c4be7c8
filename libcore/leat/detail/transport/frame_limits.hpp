// How much goes into a frame while it fills: records, and the bytes they take, heap included.
#pragma once

#include <leat/detail/record/byte_count.hpp>

#include <algorithm>

namespace leat {

/// How large a frame grows before it goes; one that waits for nothing goes earlier. The record that
/// reaches a limit is the frame's last, so a frame exceeds `bytes` by less than one record.
struct frame_limits {
  std::size_t records = 1024;
  std::size_t bytes = 32 * 1024;

  /// How many records of T fill a frame, whatever they own on the heap.
  template <class T>
  std::size_t capacity() const {
    return std::min(records, std::max<std::size_t>(bytes / sizeof(T), 1));
  }
};

/// Says when the records gathered in a list fill a frame. Each record's heap is counted once, when
/// it is first asked after; where T owns none, nothing is counted.
template <class T>
class frame_gauge {
public:
  explicit frame_gauge(const frame_limits& limits = {})
      : capacity_(limits.capacity<T>()), bytes_(limits.bytes) {}

  std::size_t capacity() const { return capacity_; }

  template <class List>
  bool full(const List& records) {
    if (records.size() >= capacity_)
      return true;
    if constexpr (owns_heap<T>)
      return held_by(records) >= bytes_;
    return false;
  }

  /// How many records more are likely to fill the frame: at least one unless it is full. Records
  /// with heap count as the ones before did, and at most as many again are trusted to.
  template <class List>
  std::size_t room(const List& records) {
    if (full(records))
      return 0;
    const std::size_t left = capacity_ - records.size();
    if constexpr (owns_heap<T>) {
      const std::size_t held = held_by(records);
      const std::size_t usual = records.empty() ? usual_ : held / records.size();
      const std::size_t known = std::max(records.size(), known_);
      return std::clamp<std::size_t>((bytes_ - held) / std::max<std::size_t>(usual, 1), 1,
                                     std::min(left, std::max<std::size_t>(2 * known, 1)));
    }
    return left;
  }

  /// Another list begins.
  void restart() { counted_ = heap_ = 0; }

  /// Likewise, of records like these, which are about to go.
  template <class List>
  void restart_after(const List& records) {
    if constexpr (owns_heap<T>)
      if (!records.empty()) {
        known_ = records.size();
        usual_ = held_by(records) / known_;
      }
    restart();
  }

private:
  template <class List>
  std::size_t held_by(const List& records) {
    for (; counted_ < records.size(); ++counted_)
      heap_ += heap_bytes(records[counted_]);
    return heap_ + records.size() * sizeof(T);
  }

  std::size_t capacity_;
  std::size_t bytes_;
  std::size_t counted_ = 0; ///< records whose heap is in heap_
  std::size_t heap_ = 0;
  std::size_t usual_ = 0; ///< bytes of a record of the list before ...
  std::size_t known_ = 0; ///< ... which had so many
};

} // namespace leat
