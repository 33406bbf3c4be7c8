// Timers: an operator asks for a call for a key when time has reached a point, whether or not a
// record comes. There are timers of event time and timers of processing time.
#pragma once

#include <leat/detail/state/map_column.hpp>
#include <leat/time.hpp>

namespace leat {

namespace detail {

/// What a timer by this kind of time is called, in setup and in messages.
template <class Time>
inline constexpr const char* timer_kind = "timer";
template <>
inline constexpr const char* timer_kind<processing_time> = "processing_timer";

/// The times of a key's timers, in microseconds since 1970.
using timer_column = map_column<std::int64_t, bool>;

/// The timers of one name. Their times are state like any other.
struct timer_set {
  std::string name;
  timer_column* times = nullptr;
  std::uint32_t number = 0; ///< in the order of names
};

/// What setup and contexts see of the timers by one kind of time.
template <class Time>
class timer_service {
public:
  virtual ~timer_service() = default;
  /// Throws leat::failure if there are timers of this name.
  virtual timer_set& declare(std::string name) = 0;
  /// Of the current key.
  virtual void set(timer_set& timers, Time at) = 0;
  virtual void cancel(timer_set& timers, Time at) = 0;
};

} // namespace detail

/// A handle to the timers of one name, by one kind of time; obtained from setup::timer or
/// setup::processing_timer, used through a context. A key may have several, at different times.
template <class Time>
class timer_by {
public:
  timer_by() = default;
  friend bool operator==(const timer_by&, const timer_by&) = default;

  /// How a dead letter names it: timer "name" at a time in microseconds since 1970.
  std::string text(Time at) const {
    return detail::timer_kind<Time> + (" \"" + set_->name) + "\" at " +
           std::to_string(at.time_since_epoch().count());
  }

private:
  friend class setup;
  friend class context;
  template <class, class>
  friend class keyed_timers;
  explicit timer_by(detail::timer_set& to) : set_(&to) {}
  detail::timer_set* set_ = nullptr;
};

/// Fires when event time has reached its time: at the same place among the records in every run.
using timer = timer_by<event_time>;

/// Fires when the runtime's clock has reached its time.
using processing_timer = timer_by<processing_time>;

} // namespace leat
