// Records of two streams that are not too far apart in event time.
#pragma once

#include <leat/detail/window/window_limits.hpp>
#include <leat/join.hpp>
#include <leat/operator.hpp>

#include <algorithm>
#include <vector>

namespace leat::detail {

/// A record that waits for others.
template <class T>
struct waiting_record {
  std::int64_t time = 0; ///< microseconds since 1970
  bool met = false;      ///< another one
  T record{};
  static constexpr auto fields = leat::fields(
      "waiting_record", leat::field("time", &waiting_record::time),
      leat::field("met", &waiting_record::met), leat::field("record", &waiting_record::record));
};

/// What waits of a key, in the order of event times, and at equal times as it came.
template <class L, class R>
struct waiting_records {
  std::vector<waiting_record<L>> left;
  std::vector<waiting_record<R>> right;
  std::int64_t timer = std::numeric_limits<std::int64_t>::max(); ///< the next one that is set
  bool empty() const { return left.empty() && right.empty(); }
  static constexpr auto fields = leat::fields(
      "waiting_records", leat::field("left", &waiting_records::left),
      leat::field("right", &waiting_records::right), leat::field("timer", &waiting_records::timer));
};

/// Pairs leave when the second of them comes, and those that are alone when none can come any more.
template <class K, class L, class R>
class interval_join {
public:
  using output_type = joined<L, R>;
  static constexpr bool timers_end = true;

  interval_join(const interval& w, join_kind kind)
      : earliest_(w.earliest.count()), latest_(w.latest.count()), kind_(kind) {}

  result<void> check() const {
    for (const std::int64_t bound : {earliest_, latest_})
      if (auto good = check_span("bound", bound, -most_window_time); !good)
        return good;
    if (earliest_ > latest_)
      return user_error("records are to meet within bounds of which the first is later than the "
                        "second, so none would",
                        "swap the arguments of leat::interval");
    return {};
  }

  void open(setup& s) {
    waiting_ = s.value<waiting>("waiting");
    over_ = s.timer("over");
    late_left_ = s.side<L>("late_left");
    late_right_ = s.side<R>("late_right");
  }

  result<void> process_left(const L& record, emitter<output_type>& out, event_context& ctx) {
    return meet(record, earliest_, latest_, &waiting::left, &waiting::right, late_left_, ctx,
                [&](const L& left, const R& right, std::int64_t time) {
                  emit({left, right}, time, out);
                });
  }
  result<void> process_right(const R& record, emitter<output_type>& out, event_context& ctx) {
    return meet(record, -latest_, -earliest_, &waiting::right, &waiting::left, late_right_, ctx,
                [&](const R& right, const L& left, std::int64_t time) {
                  emit({left, right}, time, out);
                });
  }

  /// Forgets those that none can meet any more.
  void on_timer(const K&, const timer&, emitter<output_type>& out, event_context& ctx) {
    if (!ctx.has(waiting_))
      return;
    const std::int64_t passed = micros(ctx.passed());
    waiting& of_key = ctx.edit(waiting_);
    if (of_key.timer <= passed)
      of_key.timer = never;
    expire(of_key.left, latest_, passed, kind_ != join_kind::inner,
           [&](const L& left, std::int64_t time) {
             emit({left, {}}, time, out);
           });
    expire(of_key.right, -earliest_, passed, kind_ == join_kind::full,
           [&](const R& right, std::int64_t time) {
             emit({{}, right}, time, out);
           });
    if (of_key.empty())
      return ctx.erase(waiting_);
    if (!of_key.left.empty())
      set_timer(of_key, over_at(of_key.left.front().time, latest_), ctx);
    if (!of_key.right.empty())
      set_timer(of_key, over_at(of_key.right.front().time, -earliest_), ctx);
  }

private:
  using waiting = waiting_records<L, R>;
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  static std::int64_t micros(event_time t) { return t.time_since_epoch().count(); }
  /// When no record of the other stream can meet one of this time any more, that comes up to `most`
  /// after it; but not before it is older than the watermark itself.
  static std::int64_t over_at(std::int64_t time, std::int64_t most) {
    return time + std::max<std::int64_t>(most, 0) + 1;
  }

  static void emit(output_type both, std::int64_t time, emitter<output_type>& out) {
    out.emit_at(from_micros(time));
    out(std::move(both));
  }

  // A record meets those of the other stream that are at least `least` and at most `most` after it.
  template <class T, class Own, class Others, class Late, class Emit>
  result<void> meet(const T& record, std::int64_t least, std::int64_t most, Own own, Others others,
                    Late& late, event_context& ctx, Emit emit_pair) {
    const std::int64_t at = micros(ctx.event_time());
    if (at < -most_event_time || at > most_event_time)
      return user_error("the event time of a record in a join is out of range");
    if (at < micros(ctx.passed()))
      return is_late(record, late);
    waiting& of_key = ctx.edit(waiting_);
    auto& all = of_key.*others;
    bool met = false;
    for (auto other = first_from(all, at + least); other != all.end() && other->time <= at + most;
         ++other) {
      met = other->met = true;
      emit_pair(record, other->record, std::max(at, other->time));
    }
    auto& same = of_key.*own;
    same.insert(first_from(same, at + 1), {at, met, record});
    set_timer(of_key, over_at(at, most), ctx);
    return {};
  }

  template <class List>
  static auto first_from(List& all, std::int64_t time) {
    return std::partition_point(all.begin(), all.end(),
                                [&](const auto& w) { return w.time < time; });
  }

  template <class List, class Emit>
  static void expire(List& all, std::int64_t most, std::int64_t passed, bool alone, Emit emit_one) {
    auto gone = all.begin();
    for (; gone != all.end() && over_at(gone->time, most) <= passed; ++gone)
      if (alone && !gone->met)
        emit_one(gone->record, gone->time);
    all.erase(all.begin(), gone);
  }

  void set_timer(waiting& of_key, std::int64_t at, event_context& ctx) {
    if (at < of_key.timer)
      ctx.set(over_, from_micros(of_key.timer = at));
  }

  template <class T>
  static result<void> is_late(const T& record, side_output<T>& late) {
    if (!late.is_read())
      return user_error("the record is late for its join",
                        "read the side outputs \"late_left\" and \"late_right\", or let the source "
                        "be more out of order");
    late(record);
    return {};
  }

  std::int64_t earliest_;
  std::int64_t latest_;
  join_kind kind_;
  value_state<waiting> waiting_;
  timer over_;
  side_output<L> late_left_;
  side_output<R> late_right_;
};

} // namespace leat::detail
