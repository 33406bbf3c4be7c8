// The two kinds of time: event time, which data carries, and the runtime's clock, which is
// injected.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace leat {

/// When something happened according to its record: microseconds since 1970, UTC.
using event_time = std::chrono::sys_time<std::chrono::microseconds>;

/// Before and after every event.
inline constexpr event_time begin_of_time{std::chrono::microseconds::min()};
inline constexpr event_time end_of_time{std::chrono::microseconds::max()};

/// An event time from a number of microseconds, milliseconds or seconds since 1970, UTC. What lies
/// beyond all events is the first or the last of them.
constexpr event_time from_micros(std::int64_t n) {
  return event_time{std::chrono::microseconds{n}};
}
namespace detail {
constexpr event_time from_units(std::int64_t n, std::int64_t micros) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() / micros;
  return n > most ? end_of_time : n < -most ? begin_of_time : from_micros(n * micros);
}
} // namespace detail
constexpr event_time from_millis(std::int64_t n) { return detail::from_units(n, 1000); }
constexpr event_time from_seconds(std::int64_t n) { return detail::from_units(n, 1'000'000); }

/// A reading of the runtime's clock, in nanoseconds; only differences mean anything.
using clock_time = std::int64_t;

/// The one source of processing time. The runtime hands it to stages; nothing reads the system's.
class clock {
public:
  virtual ~clock() = default;
  virtual clock_time now() const = 0;
};

} // namespace leat
