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
// A frame is limited in bytes too. For records that own heap memory (texts, lists), `demand` is
// derived from the size of earlier records; a reader that stops when `out.full()` stays within the
// limit even if later ones are larger.
#pragma once

#include <leat/detail/stage/split_reader.hpp>
#include <leat/detail/stage/stage.hpp>
#include <leat/pull_status.hpp>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>

namespace leat {

template <class R, class T>
concept reader_of = requires(R r, std::size_t demand, emitter<T>& out) {
  { r.pull(demand, out) } -> std::same_as<pull_status>;
};

template <class S>
concept split_source = requires(S s) {
  s.splits().front();
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

/// The event time of records, and how far they may be out of order.
template <class F>
struct event_time_by {
  F of; ///< const record& -> event_time
  std::chrono::microseconds out_of_order{
      0}; ///< a record older by this than the newest of its split is on time
  std::chrono::nanoseconds idle_after{
      std::chrono::seconds{1}}; ///< after this time without records a split is idle
};
template <class F>
event_time_by(F) -> event_time_by<F>;
template <class F>
event_time_by(F, std::chrono::microseconds) -> event_time_by<F>;
template <class F>
event_time_by(F, std::chrono::microseconds, std::chrono::nanoseconds) -> event_time_by<F>;

template <class EventTime, class T>
concept event_time_of = std::same_as<EventTime, no_event_time> ||
    requires(const EventTime& times, const T& record) {
  { times.of(record) } -> std::convertible_to<event_time>;
};

/// Ends a source at the barrier; no payload. The runtime does it for all sources.
inline constexpr const char* stop_verb = "stop";

/// What the runtime drives a source by.
class pullable {
public:
  virtual ~pullable() = default;
  /// Reads up to a frame of records and puts them into the ports.
  virtual pull_status pull() = 0;
  /// What is promised after the records pulled so far.
  virtual mark reached() const = 0;
};

/// Runs the splits of a source that fall to this subtask, in the order of their stamps.
template <class S, class EventTime>
class source_stage final : public producing_stage<typename S::record_type>, public pullable {
  using T = typename S::record_type;
  using base = producing_stage<T>;
  using base::out_, base::services_, base::ports_;

public:
  source_stage(S source, EventTime times, fanout to)
      : base(std::move(to)), source_(std::move(source)), times_(std::move(times)) {}

  result<void> open(const stage_services& services) override {
    if (auto opened = base::open(services); !opened)
      return opened;
    if constexpr (requires {
                    { source_.rate() } -> std::convertible_to<double>;
                  })
      if (services_.rate == 0)
        services_.rate = source_.rate();
    out_.open_for_reader(services.limits, services.stage, services.dead_letters);
    out_.tell_waiting(services.counters->waiting);
    if constexpr (split_source<S>) {
      auto all = source_.splits();
      for (std::uint32_t i = 0; i < all.size(); ++i)
        if (i % services.subtasks == services.subtask)
          add_split(i, std::move(all[i]));
    } else if (services.subtask == 0) {
      add_split(0, std::move(source_));
    }
    if constexpr (has_event_time)
      for (; unopened_ < splits_.size(); ++unopened_)
        silent_.push_back(splits_[unopened_].get());
    start_ = services.time->now();
    return {};
  }

  void consume(std::size_t, frame&, std::size_t&, std::size_t) override {}

  pull_status pull() override {
    const std::size_t before = out_.gathered().size();
    std::size_t room = out_.room();
    if (services_.rate > 0)
      room = std::min(room, due());
    if (room == 0 && !out_.full())
      return pull_status::idle(next_due());
    const pull_status answer = splits_.size() == 1 ? pull_only(room) : pull_merged(room);
    stage_counters::add(services_.counters->records_in, out_.gathered().size() - before);
    if (out_.full())
      out_.hand_on();
    if (services_.rate > 0 && answer.is_more() && due() == 0)
      return pull_status::idle(next_due());
    return answer;
  }

  bool finish() override {
    services_.counters->waiting->clear();
    return base::finish();
  }

  mark reached() const override {
    const auto is_silent = [](const auto& s) { // nothing read ahead, nothing to be expected
      return at_end(*s) && (s->done || s->timed_out);
    };
    return {with_descendants(last_), std::ranges::all_of(splits_, is_silent)};
  }

private:
  static constexpr bool has_event_time = !std::is_same_v<EventTime, no_event_time>;
  using reader = typename decltype([] {
    if constexpr (split_source<S>)
      return std::type_identity<
          std::remove_cvref_t<decltype(std::declval<S&>().splits().front())>>{};
    else
      return std::type_identity<S>{};
  }())::type;

  struct split {
    split(std::uint32_t n, reader r) : number(n), read(std::move(r)) {}
    std::uint32_t number;
    split_reader<reader, T> read;
    emitter<T> ahead{fanout{}}; // read but not yet emitted; unused with one split
    std::size_t next = 0;       // in ahead
    event_time highest = begin_of_time;
    event_time watermark = begin_of_time;
    std::uint64_t position = 0;
    bool done = false;
    bool timed_out = false;
    std::optional<clock_time> idle_since;
  };

  void add_split(std::uint32_t number, reader r) {
    auto s = std::make_unique<split>(number, std::move(r));
    s->ahead.open_for_reader(services_.limits, services_.stage, services_.dead_letters);
    s->ahead.tell_waiting(services_.counters->waiting);
    s->read.open(services_, blocks<S>());
    splits_.push_back(std::move(s));
  }

  pull_status pull_only(std::size_t room) {
    split& s = *splits_.front();
    const rows& gathered = out_.gathered();
    const std::size_t first = gathered.size();
    const pull_status answer = s.read.pull(room, out_);
    s.done = answer.is_done();
    if (gathered.size() > first)
      s.idle_since.reset(), s.timed_out = false;
    if (has_event_time || out_.carried().stamps) {
      now_ = services_.time->now();
      for (std::size_t i = first; i < gathered.size(); ++i)
        complete(s, out_.records()[i], i);
    } else {
      s.position += gathered.size() - first;
      last_.position = s.position;
      note_ingest(first);
    }
    if (answer.is_idle()) {
      std::chrono::nanoseconds wait = std::chrono::nanoseconds::max();
      wait_for(s, answer.after(), wait);
      return pull_status::idle(wait);
    }
    return answer;
  }

  // Emits the smallest stamp of all splits again and again. A silent split that could still bring a
  // smaller one is waited for until it counts as idle; without an order to keep, nobody is waited
  // for. Each silent split is asked once a pull.
  pull_status pull_merged(std::size_t room) {
    std::chrono::nanoseconds wait = std::chrono::nanoseconds::max();
    awaited_ = end_of_stamps;
    now_ = services_.time->now();
    for (std::size_t left = silent_.size(); left > 0; --left) {
      split& s = *silent_.front();
      silent_.pop_front();
      read_ahead(s, wait);
    }
    for (; room > 0 && !(owns_heap<T> && out_.full()); --room) {
      while (ready_.empty() && unopened_ < splits_.size() && awaited_ == end_of_stamps)
        read_ahead(*splits_[unopened_++], wait);
      if (ready_.empty() && silent_.empty() && unopened_ == splits_.size())
        return pull_status::done();
      if (ready_.empty() || awaited_ < ready_.front().at)
        return pull_status::idle(wait);
      emit_first(wait);
    }
    return pull_status::more();
  }

  void emit_first(std::chrono::nanoseconds& wait) {
    split& s = *ready_.front().of;
    T& r = s.ahead.records()[s.next++];
    rows& gathered = out_.gathered();
    complete(s, r, gathered.size());
    gathered.push_back<T>(std::move(r));
    std::ranges::pop_heap(ready_, std::greater{}, &ready_split::at);
    ready_.pop_back();
    if (at_end(s))
      read_ahead(s, wait);
    else
      make_ready(s);
  }

  void make_ready(split& s) {
    ready_.push_back({next_stamp(s, time_of(s, s.ahead.records()[s.next])), &s});
    std::ranges::push_heap(ready_, std::greater{}, &ready_split::at);
  }

  static bool at_end(split& s) { return s.next == s.ahead.gathered().size(); }

  // Of a split with nothing left: asks its reader, and files it as ready or silent, or not at all
  // if it is done.
  void read_ahead(split& s, std::chrono::nanoseconds& wait) {
    if (!s.done)
      refill(s, wait);
    if (!at_end(s))
      return make_ready(s);
    if (s.done)
      return;
    silent_.push_back(&s);
    if (services_.keep_order && !s.timed_out)
      awaited_ = std::min(awaited_, next_stamp(s, s.highest));
  }

  void refill(split& s, std::chrono::nanoseconds& wait) {
    s.ahead.clear();
    s.next = 0;
    const pull_status answer = s.read.pull(s.ahead.room(), s.ahead);
    (void)s.ahead.full(); // counts what the records hold while they are here
    s.done = answer.is_done();
    if (!at_end(s)) {
      if (s.timed_out) // others went on without it: it joins behind what they have emitted
        raise(s, std::max(s.highest, last_.time + std::chrono::microseconds{1}));
      s.timed_out = false;
      s.idle_since.reset();
    } else if (answer.is_idle()) {
      wait_for(s, answer.after(), wait);
    } else if (answer.is_more()) {
      wait = std::chrono::nanoseconds{0};
    }
  }

  void wait_for(split& s, std::chrono::nanoseconds after, std::chrono::nanoseconds& wait) {
    const clock_time now = services_.time->now();
    if (!s.idle_since)
      s.idle_since = now;
    const auto silent = std::chrono::nanoseconds{now - *s.idle_since};
    s.timed_out = s.timed_out || silent >= idle_after();
    wait = std::min(wait, after);
    if (!s.timed_out)
      wait = std::min(wait, idle_after() - silent);
  }

  std::chrono::nanoseconds idle_after() const {
    if constexpr (has_event_time)
      return times_.idle_after;
    else
      return std::chrono::seconds{1};
  }

  stamp next_stamp(const split& s, event_time t) const {
    return {t, first_source + services_.stage_number, s.number, s.position + 1, {}};
  }

  event_time time_of(const split& s, const T& r) const {
    if constexpr (has_event_time)
      return std::max(s.highest, times_.of(r));
    else
      return (void)r, s.highest;
  }

  // Adds the envelope of the split's next record, which is this row of what is gathered.
  void complete(split& s, const T& r, std::size_t row) {
    envelope e;
    e.ingested = services_.rate > 0 ? due_time(pulled_) : now_;
    ++pulled_;
    if constexpr (has_event_time) {
      e.time = times_.of(r);
      e.late = e.time < s.watermark;
      if (e.late)
        stage_counters::add(services_.counters->late, 1);
      if (e.time > s.highest)
        raise(s, e.time);
    } else {
      (void)r;
    }
    e.at = last_ = {s.highest, first_source + services_.stage_number, s.number, ++s.position, {}};
    out_.gathered().envelopes.add(row, e, out_.carried());
  }

  void raise(split& s, event_time to) {
    s.highest = to;
    if constexpr (has_event_time)
      s.watermark = to - times_.out_of_order;
  }

  // Open loop: record k is due k/rate after the start, whether or not anybody was ready for it.
  std::size_t due() const {
    const double seconds = static_cast<double>(services_.time->now() - start_) * 1e-9;
    const double left = std::floor(seconds * services_.rate) + 1 - static_cast<double>(pulled_);
    return left > 0 ? static_cast<std::size_t>(std::min(left, most_due)) : 0;
  }
  clock_time due_time(std::size_t k) const {
    const double after = static_cast<double>(k) / services_.rate * 1e9;
    return start_ + static_cast<clock_time>(std::min(after, latest_due));
  }
  // Any rate is allowed, and no number may exceed its type.
  static constexpr double most_due = 1e9;
  static constexpr double latest_due = 4e18; // some 126 years
  std::chrono::nanoseconds next_due() const {
    return std::chrono::nanoseconds{
        std::max<clock_time>(1, due_time(pulled_) - services_.time->now())};
  }

  // Of records whose envelopes have nothing but this.
  void note_ingest(std::size_t before) {
    auto& rows = out_.gathered();
    const std::size_t count = rows.size() - before;
    if (services_.rate > 0)
      for (std::size_t i = 0; i < count; ++i)
        rows.envelopes.note_ingest(before + i, due_time(pulled_ + i));
    else if (count > 0)
      rows.envelopes.note_ingest(before, services_.time->now());
    pulled_ += count;
  }

  S source_;
  EventTime times_;
  struct ready_split {
    stamp at; // of its next record
    split* of;
  };
  std::vector<std::unique_ptr<split>> splits_;
  // Of several splits: a heap of those that have records, and those that have none for now. Without
  // event time those from unopened_ on are not read yet: all of theirs comes later.
  std::vector<ready_split> ready_;
  std::deque<split*> silent_;
  std::size_t unopened_ = 0;
  stamp awaited_; // the least that a silent split may still bring, of those that are waited for
  stamp last_;
  clock_time now_ = 0; // of this pull
  clock_time start_ = 0;
  std::size_t pulled_ = 0;
};

} // namespace leat
