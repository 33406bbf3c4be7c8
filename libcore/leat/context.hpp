// The contexts of operators, while they process a record or a timer fires: the state of the key,
// the clock, timers, and, in leat::event_context, the place of the record in event time.
//
// Reading and writing state are different calls, because what is written may have to be copied
// before: a snapshot may share it. A reference that one of these calls returns is valid until the
// record has been processed; one that was got for reading, also only until the same state is
// written to.
#pragma once

#include <leat/detail/record/envelope.hpp>
#include <leat/detail/record/type_name.hpp>
#include <leat/detail/state/state_store.hpp>
#include <leat/state.hpp>
#include <leat/time.hpp>
#include <leat/timer.hpp>

#include <span>
#include <type_traits>

namespace leat {

namespace detail {
/// Throws leat::failure. `handle`: its type.
[[noreturn]] void state_never_set(std::string_view handle);
/// `kind`: of the timer.
[[noreturn]] void timer_never_set(std::string_view kind);
} // namespace detail

/// State is that of the record's key. A key is kept from the first write until all that was written
/// to it is erased. Not thread-safe: it belongs to the call it was passed to.
class context {
public:
  /// The value; a value-initialised one if there is none.
  template <class V>
  const V& get(const value_state<V>& state) const {
    return column_of(state).at(slot());
  }
  /// The value to be changed; there is one from now on, value-initialised.
  template <class V>
  V& edit(const value_state<V>& state) {
    return column_of(state).edit(states_->claim());
  }

  /// The list; empty if there is none.
  template <class V>
  std::span<const V> get(const list_state<V>& state) const {
    return column_of(state).at(slot());
  }
  template <class V>
  void append(const list_state<V>& state, std::type_identity_t<V> value) {
    column_of(state).append(states_->claim(), std::move(value));
  }
  /// The list to be changed. Left empty, it is erased.
  template <class V>
  std::vector<V>& edit(const list_state<V>& state) {
    auto& list = column_of(state).edit(states_->claim());
    states_->may_be_empty();
    return list;
  }

  /// All entries, a std::map in ascending order of the keys: 0 and -0 are one key, NaN is the last.
  template <class K, class V>
  const auto& get(const map_state<K, V>& state) const {
    return column_of(state).at(slot());
  }
  /// The value of this key of the map, or null.
  template <class K, class V>
  const V* find(const map_state<K, V>& state, const std::type_identity_t<K>& key) const {
    return column_of(state).find(slot(), key);
  }
  /// The value of this key of the map, to be changed; value-initialised if there was none.
  template <class K, class V>
  V& edit(const map_state<K, V>& state, const std::type_identity_t<K>& key) {
    return column_of(state).edit(states_->claim(), key);
  }
  /// Erases one entry, and with the last one the map.
  template <class K, class V>
  void erase(const map_state<K, V>& state, const std::type_identity_t<K>& key) {
    column_of(state).erase(slot(), key);
    states_->may_be_empty();
  }

  /// The result of what was added; that of a new aggregate if nothing was.
  template <class A>
  auto get(const aggregating_state<A>& state) const {
    return column_of(state).at(slot()).result();
  }
  template <class A, class X>
  void add(const aggregating_state<A>& state, const X& x) {
    column_of(state).edit(states_->claim()).add(x);
  }

  /// Whether there is something: a value or an aggregate that was written to, a list or a map that
  /// is not empty.
  template <class Handle>
  bool has(const Handle& state) const {
    return column_of(state).has(slot());
  }
  /// Erases what there is.
  template <class Handle>
  void erase(const Handle& state) {
    column_of(state).erase(slot());
    states_->may_be_empty();
  }

  /// The present time of the runtime's clock: that of the system when the process began, and so
  /// much later. It never falls.
  processing_time now() const { return clock_->processing_now(); }

  /// Calls the operator's `on_timer` for this key when the clock has reached this time; soon, if it
  /// has. It fires between records, so results depend on the run. Nothing new if there is such a
  /// timer already. At the end of the input those that are left do not fire.
  void set(const processing_timer& t, processing_time at) {
    processing_timers_->set(set_of(t), at);
  }
  /// Takes one back; nothing if there is none at this time.
  void cancel(const processing_timer& t, processing_time at) {
    processing_timers_->cancel(set_of(t), at);
  }
  /// While a processing timer fires, the time that it was set for.
  processing_time due() const { return due_; }

protected:
  context() = default;

  template <class Time>
  static detail::timer_set& set_of(const timer_by<Time>& t) {
    if (!t.set_) [[unlikely]]
      detail::timer_never_set(detail::timer_kind<Time>);
    return *t.set_;
  }

  detail::state_store* states_ = nullptr;
  const clock* clock_ = nullptr;
  detail::timer_service<processing_time>* processing_timers_ = nullptr;
  processing_time due_{};

private:
  detail::state_slot slot() const { return states_->slot(); }

  template <class Handle>
  static auto& column_of(const Handle& state) {
    if (!state.column_) [[unlikely]]
      detail::state_never_set(detail::compiler_name<Handle>());
    return *state.column_;
  }
};

/// What an operator may know besides if its `process` takes one of these: where the record stands
/// in event time. It then gets its records in stamp order, with stamps, whatever the parallelism;
/// all answers are the same in every run. While a processing timer fires, it stands where the stage
/// has come to: at the last record, or at the last stamp that was promised to it.
class event_context : public context {
public:
  /// The record's stamp.
  const stamp& at() const { return envelope_.at; }
  /// The record's own event time, or that of the record it descends from; begin_of_time without.
  leat::event_time event_time() const { return envelope_.time; }
  /// Whether the record was older than the watermark of its split when it was read: more than
  /// `out_of_order` behind the newest record before it.
  bool late() const { return envelope_.late; }
  /// No record that is on time and older than this will come: the time of the stamp less the
  /// largest out_of_order of all sources before. Without event times it is begin_of_time.
  leat::event_time watermark() const {
    const leat::event_time reached = envelope_.at.time;
    return reached > begin_of_time + out_of_order_ ? reached - out_of_order_ : begin_of_time;
  }

  /// Timers up to this time have fired, or fire next. The watermark; just before it where a record
  /// comes from a timer of a stage before, and others of that time may follow.
  leat::event_time passed() const {
    return envelope_.at.source >= stage_number_ ? watermark()
                                                : watermark() - std::chrono::microseconds{1};
  }

  /// Calls the operator's `on_timer` for this key when the watermark has reached this time; right
  /// after this record, if it has. Nothing new if there is such a timer already. A timer may also
  /// be set by one that fires; at the end of the input those beyond the last of their key are
  /// dropped.
  void set(const timer& t, leat::event_time at) { timers_->set(set_of(t), at); }
  /// Takes one back; nothing if there is none at this time.
  void cancel(const timer& t, leat::event_time at) { timers_->cancel(set_of(t), at); }
  using context::cancel;
  using context::set;

protected:
  event_context() = default;

  detail::timer_service<leat::event_time>* timers_ = nullptr;
  envelope envelope_;
  std::chrono::microseconds out_of_order_{0};
  std::uint32_t stage_number_ = 0;
};

} // namespace leat
