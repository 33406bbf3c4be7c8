// How much goes into a frame while it fills: records, and the bytes they take, heap included.
#pragma once

#include <leat/detail/transport/rows.hpp>

#include <algorithm>

namespace leat {

/// How large a frame grows before it goes; one that waits for nothing goes earlier. The record that
/// reaches a limit is the frame's last, so a frame exceeds `bytes` by less than one record.
struct frame_limits {
  std::size_t records = 1024;
  std::size_t bytes = 32 * 1024;

  /// How many records of this size fill a frame, whatever they own on the heap.
  std::size_t capacity(std::size_t record_size) const {
    return std::min(records, std::max<std::size_t>(bytes / record_size, 1));
  }
};

/// Says when gathered records fill a frame. Each record is measured once, when it is first asked
/// after; where records own no heap, none is.
class frame_gauge {
public:
  explicit frame_gauge(const record_type& type, const frame_limits& limits = {})
      : measured_(type.measure != nullptr), capacity_(limits.capacity(type.size)),
        bytes_(limits.bytes) {}

  std::size_t capacity() const { return capacity_; }

  bool full(const rows& records) {
    return records.size() >= capacity_ || (measured_ && held_by(records) >= bytes_);
  }
  /// The same for one who knows their type: it is not asked for each record.
  template <class T>
  bool full(const rows& records) {
    if constexpr (!owns_heap<T>)
      return records.size() >= capacity_;
    for (const auto all = records.as<T>(); counted_ < all.size(); ++counted_)
      held_ += sizeof(T) + heap_bytes(all[counted_]);
    return full(records);
  }

  /// How many records more are likely to fill the frame: at least one unless it is full. Records
  /// with heap count as the ones before did, and at most as many again are trusted to.
  std::size_t room(const rows& records);
  /// How many of records [begin, end) of others it takes to fill the frame, or all of them; at
  /// least one.
  std::size_t fitting(const rows& records, const rows& others, std::size_t begin, std::size_t end);

  /// Other records begin.
  void restart() { counted_ = held_ = 0; }
  /// Likewise, of records like these, which are about to go.
  void restart_after(const rows& records);

private:
  std::size_t held_by(const rows& records) {
    if (counted_ < records.size())
      count(records);
    return held_;
  }
  void count(const rows& records);

  bool measured_;
  std::size_t capacity_;
  std::size_t bytes_;
  std::size_t counted_ = 0; ///< records that are in held_
  std::size_t held_ = 0;    ///< bytes
  std::size_t usual_ = 0;   ///< bytes of a record of those before ...
  std::size_t known_ = 0;   ///< ... which were so many
};

} // namespace leat
