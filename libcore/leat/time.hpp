// The two kinds of time: event time, which data carries, and processing time, that of the runtime's
// clock, which is injected.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

namespace leat {

/// When something happened according to its record: microseconds since 1970, UTC.
using event_time = std::chrono::sys_time<std::chrono::microseconds>;

/// Before and after every event.
inline constexpr event_time begin_of_time{std::chrono::microseconds::min()};
inline constexpr event_time end_of_time{std::chrono::microseconds::max()};

/// An event time from a number of microseconds, milliseconds or seconds since 1970, UTC. Numbers
/// out of range give begin_of_time or end_of_time.
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

/// The type of processing times. It has no now(): clocks are injected.
struct processing_clock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<processing_clock>;
  static constexpr bool is_steady = true;
};

/// When something is processed, by the runtime's clock: microseconds since 1970, UTC. Not the type
/// of event_time, so that the two cannot be mixed up.
using processing_time = processing_clock::time_point;

/// A reading of the runtime's clock, in nanoseconds; only differences mean anything.
using clock_time = std::int64_t;

/// The one source of processing time. The runtime hands it to stages; nothing reads the system's.
class clock {
public:
  virtual ~clock() = default;
  virtual clock_time now() const = 0;
  /// Nanoseconds from 1970, UTC, to a reading of 0. It never changes, so processing time never
  /// falls.
  virtual clock_time origin() const { return 0; }

  /// The present processing time.
  processing_time processing_now() const {
    return processing_time{
        std::chrono::floor<processing_time::duration>(std::chrono::nanoseconds{now() + origin()})};
  }
  /// The reading at this time; the last one for what lies beyond.
  clock_time reading_at(processing_time t) const {
    using std::chrono::nanoseconds;
    constexpr auto most = std::chrono::floor<processing_time::duration>(nanoseconds::max());
    const auto since_1970 = std::clamp(t.time_since_epoch(), processing_time::duration{0}, most);
    return nanoseconds{since_1970}.count() - origin();
  }
};

} // namespace leat
