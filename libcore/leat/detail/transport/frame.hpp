// A frame is what travels between two actors: some records of one type, then perhaps a barrier or
// the end. Transport only: nothing in a result may depend on how records were cut into frames, so
// every event simply ends one. What is promised of later frames, a mark, travels beside them.
#pragma once

#include <leat/detail/record/byte_count.hpp>
#include <leat/detail/record/envelope.hpp>
#include <leat/detail/transport/barrier.hpp>
#include <leat/detail/transport/credit.hpp>
#include <leat/detail/transport/mark.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

namespace leat {

/// The records of a frame with their columns, whatever their type. Shared by all who hold it; only
/// a sole owner may change it.
class rows {
public:
  virtual ~rows() = default;
  virtual std::size_t size() const = 0;
  /// Bytes in memory, what records own on the heap included.
  virtual std::size_t bytes() const = 0;

  envelope_columns envelopes;
};

/// Makes vector::resize leave trivial values uninitialised, for those who write them right after.
template <class T>
struct uninitialised : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = uninitialised<U>;
  };
  template <class U>
  void construct(U* at) {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
  }
};

template <class T>
class rows_of final : public rows {
public:
  std::vector<T, uninitialised<T>> records;

  std::size_t size() const override { return records.size(); }
  std::size_t bytes() const override {
    std::size_t sum = records.size() * sizeof(T) + envelopes.heap_bytes();
    if constexpr (owns_heap<T>)
      for (const T& r : records)
        sum += leat::heap_bytes(r);
    return sum;
  }

  /// Empties it for further use, and keeps its memory.
  void clear() {
    records.clear();
    envelopes.truncate(0);
  }

  template <class U>
  void add(U&& record, const envelope& e, const carried_columns& carried) {
    envelopes.add(records.size(), e, carried);
    records.push_back(std::forward<U>(record));
  }
};

/// Makes rows for a frame, with room for twice what the last one came to: a quick stream need not
/// grow them, and a slow one does not pay for what it does not fill.
template <class T>
std::shared_ptr<rows_of<T>> make_rows(std::size_t last_size, std::size_t capacity) {
  auto fresh = std::make_shared<rows_of<T>>();
  fresh->records.reserve(std::min(2 * last_size, capacity));
  return fresh;
}

/// Where panes end within a frame. Records behind the last end belong to a pane that goes on in the
/// next frame.
struct pane_ends {
  bool ones = false;               ///< every record is a pane of its own; `ends` is empty
  std::vector<std::uint32_t> ends; ///< index one past each pane's last record
};

/// See the head of this file. Cheap to move and to copy: records are shared, not copied.
struct frame {
  std::shared_ptr<rows> records; ///< may be null: a frame of events only
  pane_ends panes;
  std::shared_ptr<const leat::barrier> barrier_at; ///< stands after the records
  bool last = false;                               ///< the channel ends here ...
  event_time ended_at = begin_of_time;             ///< ... and has come to this time
  credit paid; ///< out of the sender's window; the same amount comes back

  std::size_t size() const { return records ? records->size() : 0; }

  /// What sending this frame costs; events are free.
  credit cost() const {
    if (size() == 0)
      return {};
    return {1, static_cast<std::int64_t>(size()), static_cast<std::int64_t>(records->bytes())};
  }

  template <class T>
  rows_of<T>& as() const {
    return static_cast<rows_of<T>&>(*records); // both ends of an edge were typed by the graph
  }

  /// True if nobody else holds the records, so that they may be moved from or changed in place.
  bool sole_owner() const {
    if (records.use_count() != 1)
      return false;
#ifdef __SANITIZE_THREAD__
    const auto counted = records; // it does not know fences, but the counter's order
#else
    std::atomic_thread_fence(std::memory_order_acquire); // see all that former owners did
#endif
    return true;
  }
};

} // namespace leat
