// The two kinds of time: event time, which data carries, and the runtime's clock, which is
// injected.
#pragma once

#include <chrono>
#include <cstdint>

namespace leat {

/// When something happened according to its record: microseconds since 1970, UTC.
using event_time = std::chrono::sys_time<std::chrono::microseconds>;

/// Before and after every event.
inline constexpr event_time begin_of_time{std::chrono::microseconds::min()};
inline constexpr event_time end_of_time{std::chrono::microseconds::max()};

/// A reading of the runtime's clock, in nanoseconds; only differences mean anything.
using clock_time = std::int64_t;

/// The one source of processing time. The runtime hands it to stages; nothing reads the system's.
class clock {
public:
  virtual ~clock() = default;
  virtual clock_time now() const = 0;
};

} // namespace leat
