// A frame is what travels between two actors: some records of one type, then perhaps a barrier or
// the end. Transport only: nothing in a result may depend on how records were cut into frames, so
// every event simply ends one. What is promised of later frames, a mark, travels beside them.
#pragma once

#include <leat/detail/record/byte_count.hpp>
#include <leat/detail/transport/barrier.hpp>
#include <leat/detail/transport/credit.hpp>
#include <leat/detail/transport/mark.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

namespace leat {

/// When records entered the job (were due or pulled), as runs of equal times. Rides along with the
/// records to measure latency. Most frames have one run, which needs no memory of its own.
class ingest_times {
public:
  struct run {
    std::uint32_t begin = 0;
    clock_time time = 0;
  };

  /// Records from index `begin` on have this time. Indices must not fall.
  void note(std::size_t begin, clock_time time) {
    truncate(begin); // what was noted for records that did not come of it
    if (count_ > 0 && (*this)[count_ - 1].time == time)
      return;
    const run r{static_cast<std::uint32_t>(begin), time};
    if (count_++ == 0)
      first_ = r;
    else
      more_.push_back(r);
  }

  /// The number of runs, and each of them.
  std::size_t size() const { return count_; }
  const run& operator[](std::size_t i) const { return i == 0 ? first_ : more_[i - 1]; }
  bool empty() const { return count_ == 0; }

  /// Forgets the records from this index on.
  void truncate(std::size_t records) {
    for (; count_ > 0 && (*this)[count_ - 1].begin >= records; --count_)
      if (count_ > 1)
        more_.pop_back();
  }
  void clear() { truncate(0); }

  std::size_t heap_bytes() const { return more_.capacity() * sizeof(run); }

private:
  std::size_t count_ = 0;
  run first_;
  std::vector<run> more_;
};

/// Walks ingest times by rising index in constant time a step.
class ingest_cursor {
public:
  explicit ingest_cursor(const ingest_times& times) : times_(times) {}
  /// The time of record `i`, or 0 where none was noted.
  clock_time at(std::size_t i) {
    while (next_ < times_.size() && times_[next_].begin <= i)
      now_ = times_[next_++].time;
    return now_;
  }

private:
  const ingest_times& times_;
  std::size_t next_ = 0;
  clock_time now_ = 0;
};

/// The records of a frame with their columns, whatever their type. Shared by all who hold it; only
/// a sole owner may change it.
class rows {
public:
  virtual ~rows() = default;
  virtual std::size_t size() const = 0;
  /// Bytes in memory, what records own on the heap included.
  virtual std::size_t bytes() const = 0;

  stamp_column stamps; ///< empty on edges where nobody needs order
  ingest_times ingest;
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
    std::size_t sum = records.size() * sizeof(T) + stamps.heap_bytes() + ingest.heap_bytes();
    if constexpr (owns_heap<T>)
      for (const T& r : records)
        sum += leat::heap_bytes(r);
    return sum;
  }

  /// Empties it for further use, and keeps its memory.
  void clear() {
    records.clear();
    stamps.truncate(0);
    ingest.clear();
  }

  /// Adds a record with the stamp (kept only if `stamped`) and ingest time it inherits.
  template <class U>
  void add(U&& record, bool stamped, const stamp& s, clock_time ingested) {
    ingest.note(records.size(), ingested);
    if (stamped)
      stamps.push_back(s);
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
  bool last = false;                               ///< the channel ends here
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
