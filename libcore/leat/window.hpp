// Windows of event time: which records of a key belong together.
//
//   payments.key_by(card)
//       .window("per-minute", leat::tumbling(1min))
//       .aggregate<leat::sum<&payment::cents>>()          // stream of leat::windowed<card, cents>
//
// A window fires when the watermark has reached its end, so what is in it is the same in every run.
// A record is late for a window that ended, with what is allowed for lateness, by the watermark at
// the record. One that is late for all its windows goes to the side output "late"; where no stage
// reads that, it is a dead letter.
#pragma once

#include <leat/error.hpp>
#include <leat/record.hpp>
#include <leat/time.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <type_traits>

namespace leat {

/// A span of event time; its end does not belong to it.
struct time_window {
  event_time start = begin_of_time;
  event_time end = begin_of_time;

  friend bool operator==(const time_window&, const time_window&) = default;
};

/// What a window of a key came to. It has the event time of the window's last microsecond.
template <class Key, class Result>
struct windowed {
  Key key{};
  event_time start = begin_of_time;
  event_time end = begin_of_time; ///< does not belong to it
  Result result{};

  friend bool operator==(const windowed&, const windowed&) = default;

  static constexpr auto fields = leat::fields(
      "windowed", leat::field("key", &windowed::key), leat::field("start", &windowed::start),
      leat::field("end", &windowed::end), leat::field("result", &windowed::result));
};

/// Windows of one size, one after the other. They begin at multiples of it since 1970, UTC, plus
/// the offset.
struct tumbling {
  explicit tumbling(std::chrono::microseconds of, std::chrono::microseconds shift = {})
      : size(of), offset(shift) {}
  std::chrono::microseconds size;
  std::chrono::microseconds offset;
};

/// Windows of one size that begin at multiples of the slide, plus the offset, and overlap.
struct sliding {
  sliding(std::chrono::microseconds of, std::chrono::microseconds each,
          std::chrono::microseconds shift = {})
      : size(of), slide(each), offset(shift) {}
  std::chrono::microseconds size;
  std::chrono::microseconds slide; ///< at most the size
  std::chrono::microseconds offset;
};

/// A window for records of a key that follow one another within a gap. It ends a gap after the last
/// one. Gap: a duration, or a function of a record that returns one.
template <class Gap>
struct session {
  explicit session(Gap after) : gap(std::move(after)) {}
  Gap gap;
};
template <class Rep, class Period>
session(std::chrono::duration<Rep, Period>) -> session<std::chrono::microseconds>;

struct window_options {
  /// How long after its end, in event time, a window still takes records. It then fires again, with
  /// all that is in it.
  std::chrono::microseconds allowed_lateness{0};
  std::size_t parallelism = 0;
};

/// What `aggregate` folds records into: `void add(const T&)`, `void merge(const A&)` with what
/// stands after it, and `auto result() const`. A type that can be state, see state.hpp.
template <class A, class T>
concept aggregate_of = std::default_initializable<A> &&
    requires(A a, const A& other, const T& record) {
  a.add(record);
  a.merge(other);
  other.result();
};

} // namespace leat
