// Keeps the splits of a source together, and those of other sources that its stream meets: each
// subtask tells how far its slowest active split has come, and reads what the others have told.
#pragma once

#include <leat/detail/transport/mark.hpp>

#include <functional>

namespace leat {

/// Of one subtask of a source; called by its thread.
class source_alignment {
public:
  virtual ~source_alignment();

  /// How await() has the subtask woken: called in any thread.
  virtual void attach(std::function<void()> wake) = 0;

  /// How far the slowest active split of this subtask has come: a time, or the end if there will be
  /// none any more. Idle: there is none now.
  virtual void tell(const mark& slowest) = 0;

  /// How far the slowest active split of all subtasks has come, as far as they have told;
  /// end_of_time if there is none.
  virtual event_time slowest() = 0;
  /// The same; the subtask is woken when that changes, until it asks again.
  virtual event_time await() = 0;
};

} // namespace leat
