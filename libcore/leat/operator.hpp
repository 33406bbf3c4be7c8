// An operator with keyed state: a plain struct with one verb.
//
//   struct count_per_card {
//     using output_type = card_count;
//     leat::value_state<std::uint64_t> seen;
//     void open(leat::setup& setup) { seen = setup.value<std::uint64_t>("seen"); }
//     void process(const payment& p, leat::emitter<card_count>& out, leat::context& ctx) {
//       out({p.card, ++ctx.edit(seen)});
//     }
//   };
//
// Each subtask has its own copy and processes one record at a time, so an operator needs no locks.
// `process` may return leat::result<void>: a user error makes the record a dead letter; any other
// error, or an exception, fails the job. It may take a leat::event_context instead, which also has
// the record's stamp, event time and watermark. Optional:
//   - `process_left` and `process_right` in place of `process`, for an operator of two inputs: see
//     keyed_stream::connect;
//   - `check() const`, which reports invalid settings as a leat::result<void> before the first
//     record;
//   - `on_timer(key, timer, out, event_context&)`, called when event time has reached the time of a
//     timer of setup::timer;
//   - `on_timer(key, processing_timer, out, context&)`, called when the clock has reached the time
//     of a timer of setup::processing_timer. It may take a leat::event_context;
//   - `static constexpr bool timers_end = true`, which says that timers set others only so many
//     times: at the end of the input all of them fire, however late they are.
#pragma once

#include <leat/context.hpp>
#include <leat/detail/stage/stage.hpp>

#include <map>

namespace leat {

/// A second output of an operator, connected by stream::side. Calling it emits a record; records
/// for an output that is not connected are discarded.
template <class T>
class side_output {
public:
  side_output() = default;
  void operator()(T record) {
    if (to_)
      (*to_)(std::move(record));
  }
  bool is_read() const { return to_ != nullptr; }

private:
  friend class setup;
  explicit side_output(emitter<T>* to) : to_(to) {}
  emitter<T>* to_ = nullptr;
};

/// The part of a side output that does not know its type.
class side_port {
public:
  virtual ~side_port() = default;
  virtual void open(const stage_services& services) = 0;
  virtual carried_columns carried() const = 0;
  virtual void descend_from(const envelope_view& e) = 0;
  virtual void promised(const stamp& s) = 0;
  virtual void passed(const stamp& s) = 0;
  virtual bool empty() const = 0;
  virtual bool full() = 0;
  virtual bool hand_on() = 0;
  virtual bool blocked() const = 0;
  virtual void save(std::string& to) const = 0;
  virtual bool load(byte_cursor& from, bool joins) = 0; ///< as a stage_output does
  virtual void list_ports(std::vector<port*>& all) = 0;
};

template <class T>
class side_port_of final : public side_port {
public:
  explicit side_port_of(fanout to) : out(std::move(to)) {}
  void open(const stage_services& s) override {
    std::vector<port*> ports;
    out.list_ports(ports);
    carried_columns carried;
    for (const port* p : ports)
      carried |= p->carried();
    out.open(s.limits, carried, s.stage, s.dead_letters);
  }
  carried_columns carried() const override { return out.carried(); }
  void descend_from(const envelope_view& e) override { out.descend_from(e, true); }
  void promised(const stamp& s) override { out.promised(s); }
  void passed(const stamp& s) override { out.passed(s); }
  bool empty() const override { return out.empty(); }
  bool full() override { return out.full(); }
  bool hand_on() override { return out.hand_on(); }
  bool blocked() const override { return out.blocked(); }
  void save(std::string& to) const override { out.save(to); }
  bool load(byte_cursor& from, bool joins) override { return out.load(from, joins); }
  void list_ports(std::vector<port*>& all) override { out.list_ports(all); }

  emitter<T> out;
};

using side_ports = std::map<std::string, std::unique_ptr<side_port>>;

/// The argument of an operator's `open`, which declares its states, timers and side outputs by
/// name.
class setup {
public:
  /// `timers`, `processing_timers`: null if the operator has none.
  setup(detail::state_store& states, side_ports& sides, detail::timer_service<event_time>* timers,
        detail::timer_service<processing_time>* processing_timers)
      : states_(states), sides_(sides), timers_(timers), processing_timers_(processing_timers) {}

  /// One value for each key. The name is its identity when saved. This and the three below throw
  /// leat::failure if there is a state of this name.
  template <class V>
  value_state<V> value(std::string name) {
    return declare<value_state<V>, V, true>(std::move(name));
  }
  /// One list for each key.
  template <class V>
  list_state<V> list(std::string name) {
    static_assert(!std::is_same_v<V, bool>, "list<bool>(name): a list of bool cannot be read as a "
                                            "std::span; use std::uint8_t");
    return declare<list_state<V>, V, !std::is_same_v<V, bool>>(std::move(name));
  }
  /// One map for each key.
  template <class K, class V>
  map_state<K, V> map(std::string name) {
    static_assert(key<K>,
                  "map<K, V>(name): a key is a number, an enum, a bool, a std::string, or a "
                  "std::tuple or std::pair of these");
    return declare<map_state<K, V>, V, key<K>>(std::move(name));
  }
  /// One aggregate for each key.
  template <class A>
  aggregating_state<A> aggregating(std::string name) {
    static_assert(detail::aggregate<A>, "aggregating<A>(name): an aggregate has void add(const X&) "
                                        "and auto result() const");
    return declare<aggregating_state<A>, A, detail::aggregate<A>>(std::move(name));
  }

  /// Timers of event time for each key. Throws leat::failure if there are timers of this name, or
  /// if the operator has no `on_timer` for them.
  leat::timer timer(std::string name) {
    if (!timers_)
      throw failure(user_error("the operator asks for timers, but has no on_timer",
                               "add void on_timer(const K& key, const leat::timer& which, "
                               "leat::emitter<output_type>& out, leat::event_context& ctx)"));
    return leat::timer(timers_->declare(std::move(name)));
  }
  /// The same for timers of processing time.
  leat::processing_timer processing_timer(std::string name) {
    if (!processing_timers_)
      throw failure(
          user_error("the operator asks for processing timers, but has no on_timer for them",
                     "add void on_timer(const K& key, const leat::processing_timer& which, "
                     "leat::emitter<output_type>& out, leat::context& ctx)"));
    return leat::processing_timer(processing_timers_->declare(std::move(name)));
  }

  /// A second output. A job in which a side output is connected but not declared does not start.
  template <class T>
  side_output<T> side(const std::string& name) {
    const auto found = sides_.find(name);
    if (found == sides_.end())
      return {};
    auto* typed = dynamic_cast<side_port_of<T>*>(found->second.get());
    if (!typed)
      throw failure(user_error("side output \"" + name +
                               "\" is read as another type than the "
                               "operator emits"));
    claimed_.push_back(name);
    return side_output<T>(&typed->out);
  }

  bool claimed(const std::string& name) const {
    return std::find(claimed_.begin(), claimed_.end(), name) != claimed_.end();
  }

private:
  template <class Handle, class V, bool Possible>
  Handle declare(std::string name) {
    if constexpr (detail::require_state_type<V>() && Possible)
      return Handle(states_.declare<typename Handle::column>(std::move(name)));
    else
      return Handle();
  }

  detail::state_store& states_;
  side_ports& sides_;
  detail::timer_service<event_time>* timers_;
  detail::timer_service<processing_time>* processing_timers_;
  std::vector<std::string> claimed_;
};

template <class Op, class T, class Context>
concept processes_with = requires(Op op, const T& record, emitter<typename Op::output_type>& out,
                                  Context& ctx) {
  op.process(record, out, ctx);
};
template <class Op, class T>
concept needs_event_context =
    !processes_with<Op, T, context> && processes_with<Op, T, event_context>;
template <class Op, class K, class Timer, class Context>
concept fires_with = requires(Op op, const K& key, const Timer& which,
                              emitter<typename Op::output_type>& out, Context& ctx) {
  op.on_timer(key, which, out, ctx);
};
/// Whether Op has `on_timer` for timers of event time, and for keys of type K.
template <class Op, class K>
concept takes_timers = fires_with<Op, K, timer, event_context>;
/// The same for timers of processing time.
template <class Op, class K>
concept takes_processing_timers = fires_with<Op, K, processing_timer, event_context>;
/// An operator with two inputs, and records of types A and B.
template <class Op, class A, class B, class Context>
concept joins_with = requires(Op op, const A& left, const B& right,
                              emitter<typename Op::output_type>& out, Context& ctx) {
  op.process_left(left, out, ctx);
  op.process_right(right, out, ctx);
};
template <class Op, class A, class B>
concept two_input_operator_on = joins_with<Op, A, B, event_context>;

/// Whether `process` (with a Second input `process_left` or `process_right`) or `on_timer` takes a
/// leat::event_context.
template <class Op, class T, class K, class Second>
constexpr bool needs_event_time() {
  if constexpr (takes_timers<Op, K> ||
                (takes_processing_timers<Op, K> && !fires_with<Op, K, processing_timer, context>))
    return true;
  else if constexpr (requires { typename Second::record_type; })
    return !joins_with<Op, T, typename Second::record_type, context>;
  else
    return needs_event_context<Op, T>;
}
template <class Op, class T, class K, class Second = void>
concept reads_event_time = needs_event_time<Op, T, K, Second>();
template <class Op, class T>
concept keyed_operator_on = processes_with<Op, T, context> || processes_with<Op, T, event_context>;

} // namespace leat
