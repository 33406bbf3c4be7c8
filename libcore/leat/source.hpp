// A source emits up to `demand` records each time it is pulled, so backpressure reaches it.
//
//   struct ticks {
//     using record_type = tick;
//     std::uint64_t next = 0;
//     leat::pull_status pull(std::size_t demand, leat::emitter<tick>& out) {
//       for (; demand > 0 && next < 1000; --demand) out({next++});
//       return next < 1000 ? leat::pull_status::more() : leat::pull_status::done();
//     }
//   };
//
// A source of several splits (files, partitions) has `splits()` instead, which returns one such
// reader for each. Optional: `check()` reports invalid settings before the first record; `rate()`
// is the number of records that are due per second unless the run sets another;
// `static constexpr bool live = true` declares that the splits never end: without event times
// several of them have no order.
//
// A source with `static constexpr bool blocking = true` may block in `pull`: each reader is then
// called on its own thread. It returns the records it has before it blocks. Optional: `cancel()`,
// called by another thread, ends the wait; `may_block()` returns whether this reader blocks.
//
// A reader is replayable if it has `position()`, the place where its next pull goes on, and
// `leat::result<void> seek(position)`, which goes there: after `open`, before the first pull, and
// perhaps in another run. A position is what a field may be: a number, a text, a struct that
// declares its fields. It is asked for after each pull of a reader on its own thread, also after
// the last one, and otherwise at barriers. Optional: `replayable()` returns whether this reader is;
// `name()` is the identity of its split across runs (a path, a table), else that is its place among
// the splits. A source may have `replayable()` too, for all of its splits. What is not replayable
// is ephemeral: after a restart it goes on with what comes.
//
// A frame is limited in bytes too. For records that own heap memory (texts, lists), `demand` is
// derived from the size of earlier records; a reader that stops when `out.full()` stays within the
// limit even if later ones are larger.
#pragma once

#include <leat/emitter.hpp>
#include <leat/pull_status.hpp>
#include <leat/time.hpp>

#include <chrono>
#include <concepts>

namespace leat {

template <class R, class T>
concept reader_of = requires(R r, std::size_t demand, emitter<T>& out) {
  { r.pull(demand, out) } -> std::same_as<pull_status>;
};

template <class S>
concept split_source = requires(S s) {
  s.splits().front();
};

/// A reader that can return to where it was.
template <class R>
concept replayable_reader = requires(R r, const R& here) {
  requires encodable<std::remove_cvref_t<decltype(here.position())>>;
  { r.seek(here.position()) } -> std::same_as<result<void>>;
};

/// One that says where it is, and cannot.
template <class R>
concept half_replayable = !replayable_reader<R> && requires(R r) {
  r.position();
};

template <class S, class T>
concept source_of = std::same_as<typename S::record_type, T> &&
    (reader_of<S, T> || requires(S s, std::size_t n, emitter<T>& out) {
      { s.splits().front().pull(n, out) } -> std::same_as<pull_status>;
    });

/// True if a source declares that its splits never end.
template <class S>
constexpr bool is_live() {
  if constexpr (requires {
                  { S::live } -> std::convertible_to<bool>;
                })
    return S::live;
  return false;
}

/// Without event time records are ordered by split and position: one split after the other.
struct no_event_time {};

/// In place of a time after which a split is idle: the others always wait for it.
inline constexpr std::chrono::nanoseconds never_idle = std::chrono::nanoseconds::max();
/// In place of a limit: splits may be ahead of each other by any event time.
inline constexpr std::chrono::microseconds any_drift = std::chrono::microseconds::max();

/// The event time of records, and how far they may be out of order.
template <class F>
struct event_time_by {
  F of; ///< const record& -> event_time
  std::chrono::microseconds out_of_order{
      0}; ///< a record older by this than the newest of its split is on time
  std::chrono::nanoseconds idle_after{
      std::chrono::seconds{1}}; ///< after this time without records a split is idle
  /// A split that is ahead of the slowest active one by more is not read until that has come on.
  std::chrono::microseconds max_drift = any_drift;
};
template <class F>
event_time_by(F) -> event_time_by<F>;
template <class F>
event_time_by(F, std::chrono::microseconds) -> event_time_by<F>;
template <class F>
event_time_by(F, std::chrono::microseconds, std::chrono::nanoseconds) -> event_time_by<F>;
template <class F>
event_time_by(F, std::chrono::microseconds, std::chrono::nanoseconds, std::chrono::microseconds)
    -> event_time_by<F>;

/// The same where the watermark does not follow the newest record at a fixed distance: the records
/// carry it, or a strategy works it out from the records of a split.
///
/// `watermark(record)` returns the watermark of the record's split after this record: of those that
/// follow, older ones are late. A watermark never falls: what is lower than an earlier one changes
/// nothing, as begin_of_time for a record that says nothing. If `watermark` is const, it follows
/// from the record alone. Otherwise it is a strategy with a state: each split has a copy of its
/// own, which is part of checkpoints, so its type declares its fields.
template <class F, class W>
struct watermarks_by {
  F of;        ///< const record& -> event_time
  W watermark; ///< const record& -> event_time
  /// Among records of other splits a record is placed at the watermark plus this: choose how far
  /// watermarks usually are behind their records. Watermarks are exact behind a source with the
  /// largest bound, and later by the difference behind others.
  std::chrono::microseconds bound{0};
  std::chrono::nanoseconds idle_after{std::chrono::seconds{1}}; ///< as that of event_time_by
  std::chrono::microseconds max_drift = any_drift;              ///< as that of event_time_by
};
template <class F, class W>
watermarks_by(F, W) -> watermarks_by<F, W>;
template <class F, class W>
watermarks_by(F, W, std::chrono::microseconds) -> watermarks_by<F, W>;
template <class F, class W>
watermarks_by(F, W, std::chrono::microseconds, std::chrono::nanoseconds) -> watermarks_by<F, W>;
template <class F, class W>
watermarks_by(F, W, std::chrono::microseconds, std::chrono::nanoseconds, std::chrono::microseconds)
    -> watermarks_by<F, W>;

/// Event times whose watermarks come from the records.
template <class EventTime>
concept with_watermarks = requires(const EventTime& times) {
  times.watermark;
};

/// A function from a record to a watermark that keeps nothing.
template <class W, class T>
concept watermark_of = requires(const W& watermark, const T& record) {
  { watermark(record) } -> std::convertible_to<event_time>;
};

/// One that keeps a state, which can be saved.
template <class W, class T>
concept watermark_strategy_of = encodable<W> && requires(W& watermark, const T& record) {
  { watermark(record) } -> std::convertible_to<event_time>;
};

template <class EventTime, class T>
concept watermarks_of =
    !with_watermarks<EventTime> || watermark_of<decltype(EventTime::watermark), T> ||
    watermark_strategy_of<decltype(EventTime::watermark), T>;

template <class EventTime, class T>
concept event_time_of = std::same_as<EventTime, no_event_time> ||
    requires(const EventTime& times, const T& record) {
  { times.of(record) } -> std::convertible_to<event_time>;
};

/// How far watermarks are behind the times by which records are ordered.
template <class EventTime>
std::chrono::microseconds bound_of(const EventTime& times) {
  if constexpr (with_watermarks<EventTime>)
    return times.bound;
  else
    return times.out_of_order;
}

} // namespace leat
