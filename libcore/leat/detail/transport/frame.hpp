// A frame is what travels between two actors: some records of one type, then perhaps a barrier or
// the end. Transport only: nothing in a result may depend on how records were cut into frames, so
// every event simply ends one. What is promised of later frames, a mark, travels beside them.
#pragma once

#include <leat/detail/transport/barrier.hpp>
#include <leat/detail/transport/credit.hpp>
#include <leat/detail/transport/mark.hpp>
#include <leat/detail/transport/rows.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

namespace leat {

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
  std::span<T> as() const {
    return records->as<T>(); // both ends of an edge were typed by the graph
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
