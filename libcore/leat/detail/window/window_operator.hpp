// Windows as an operator: the panes of a key are its state, and timers fire them.
#pragma once

#include <leat/detail/window/window_limits.hpp>
#include <leat/operator.hpp>
#include <leat/window.hpp>

#include <limits>

namespace leat::detail {

/// What is kept of a key.
template <class Panes>
struct key_panes {
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  Panes panes;
  std::int64_t timer = never; ///< the next one that is set, not after what happens next to a pane
  static constexpr auto fields = leat::fields("key_panes", leat::field("panes", &key_panes::panes),
                                              leat::field("timer", &key_panes::timer));
};

/// Windows: aligned_windows or session_windows. A: what a pane folds records into. Emit: has
/// `output_type`, and emits a pane.
template <class K, class Windows, class A, class Emit>
class window_firing_operator {
public:
  using output_type = typename Emit::output_type;
  static constexpr bool timers_end = true;

  window_firing_operator(Windows windows, Emit emit)
      : windows_(std::move(windows)), emit_(std::move(emit)) {}

  result<void> check() const { return windows_.check(); }

  void open(setup& s) {
    panes_ = s.value<panes>("panes");
    ends_ = s.timer("ends");
  }

  void on_timer(const K& key, const timer&, emitter<output_type>& out, event_context& ctx) {
    if (!ctx.has(panes_))
      return;
    const std::int64_t now = ctx.event_time().time_since_epoch().count();
    const std::int64_t passed = ctx.passed().time_since_epoch().count();
    panes& of_key = ctx.edit(panes_);
    windows_.fire(now, of_key.panes, [&](std::int64_t start, std::int64_t end, const A& value) {
      out.emit_at(from_micros(end - 1));
      emit_(key, time_window{from_micros(start), from_micros(end)}, value, out);
    });
    windows_.expire(passed, of_key.panes);
    if (of_key.panes.empty())
      return ctx.erase(panes_);
    if (of_key.timer <= passed)
      of_key.timer = panes::never;
    set_timer(of_key, passed, ctx);
  }

protected:
  template <class T>
  result<void> put(const T& record, side_output<T>& late, event_context& ctx) {
    return put(record, record, late, ctx);
  }
  /// `added`: what is put into the pane for it.
  template <class T, class Added>
  result<void> put(const T& record, const Added& added, side_output<T>& late, event_context& ctx) {
    const std::int64_t at = ctx.event_time().time_since_epoch().count();
    if (at < -most_event_time || at > most_event_time)
      return user_error("the event time of a record in a window is out of range");
    if constexpr (requires { windows_.check(record); })
      if (auto good = windows_.check(record); !good)
        return good;
    const std::int64_t passed = ctx.passed().time_since_epoch().count();
    panes& of_key = ctx.edit(panes_);
    const pane_change change =
        windows_.add(record, added, at, passed, of_key.panes,
                     [&](std::int64_t end) { ctx.set(ends_, from_micros(end)); });
    if (change == pane_change::is_new)
      set_timer(of_key, passed, ctx);
    if (change != pane_change::late)
      return {};
    if (of_key.panes.empty())
      ctx.erase(panes_);
    return is_late(record, late);
  }

private:
  using panes = key_panes<typename Windows::template panes_of<A>>;

  // Panes that come later may need it earlier. Those that were set before fire for nothing.
  void set_timer(panes& of_key, std::int64_t passed, event_context& ctx) {
    const std::int64_t next = windows_.next(passed, of_key.panes);
    if (next >= of_key.timer)
      return;
    of_key.timer = next;
    ctx.set(ends_, from_micros(next));
  }

  template <class T>
  static result<void> is_late(const T& record, side_output<T>& late) {
    if (!late.is_read())
      return user_error("the record is late for its window",
                        "read the side output \"late\", or allow more lateness");
    late(record);
    return {};
  }

  Windows windows_;
  Emit emit_;
  value_state<panes> panes_;
  timer ends_;
};

/// The same for records of one type.
template <class K, class T, class Windows, class A, class Emit>
class window_operator : public window_firing_operator<K, Windows, A, Emit> {
  using base = window_firing_operator<K, Windows, A, Emit>;

public:
  using base::base;

  void open(setup& s) {
    base::open(s);
    late_ = s.side<T>("late");
  }
  result<void> process(const T& record, emitter<typename Emit::output_type>&, event_context& ctx) {
    return this->put(record, late_, ctx);
  }

private:
  side_output<T> late_;
};

} // namespace leat::detail
