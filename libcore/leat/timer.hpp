// Event timers: what an operator wants to do for a key once event time has come so far, whether or
// not a record comes.
#pragma once

#include <leat/detail/state/map_column.hpp>
#include <leat/time.hpp>

namespace leat {

namespace detail {

/// The times of a key's timers, in microseconds since 1970.
using timer_column = map_column<std::int64_t, bool>;

/// The timers of one name. Their times are state like any other.
struct timer_set {
  std::string name;
  timer_column* times = nullptr;
  std::uint32_t number = 0; ///< in the order of names
};

/// What setup and contexts see of it.
class timer_service {
public:
  virtual ~timer_service() = default;
  /// Throws leat::failure if there are timers of this name.
  virtual timer_set& declare(std::string name) = 0;
  /// Of the key at hand. A timer up to the watermark fires right after the record at hand.
  virtual void set(timer_set& timers, event_time at, event_time watermark) = 0;
  virtual void cancel(timer_set& timers, event_time at) = 0;
};

} // namespace detail

/// A handle to the timers of one name; obtained from setup::timer, used through event_context. A
/// key may have several, at different times.
class timer {
public:
  timer() = default;
  friend bool operator==(const timer&, const timer&) = default;

  /// How a dead letter names it: timer "name" at a time in microseconds since 1970.
  std::string text(event_time at) const {
    return "timer \"" + set_->name + "\" at " + std::to_string(at.time_since_epoch().count());
  }

private:
  friend class setup;
  friend class event_context;
  template <class>
  friend class keyed_timers;
  explicit timer(detail::timer_set& to) : set_(&to) {}
  detail::timer_set* set_ = nullptr;
};

} // namespace leat
