// An operator with keyed state: a plain struct with one verb.
//
//   struct count_per_card {
//     using output_type = card_count;
//     leat::value_state<std::uint64_t> seen;
//     void open(leat::setup& setup) { seen = setup.value<std::uint64_t>("seen"); }
//     void process(const payment& p, leat::emitter<card_count>& out, leat::context& ctx) {
//       out({p.card, ++ctx.get(seen)});
//     }
//   };
//
// Each subtask works on a copy of its own and one record at a time. `process` may return
// leat::result<void>: a user error in it makes the record a dead letter; a throw fails the job. It
// may take a leat::event_context instead, to know where the record stands in event time. Optional:
// `check()` const, which returns leat::result<void> before the first record, where what the
// operator was made with may be wrong.
#pragma once

#include <leat/detail/record/type_name.hpp>
#include <leat/detail/stage/rejecting.hpp>
#include <leat/detail/stage/stage.hpp>
#include <leat/state.hpp>

#include <map>

namespace leat {

/// A second output of an operator, connected by stream::side. Emitting into one that nobody reads
/// does nothing.
template <class T>
class side_output {
public:
  side_output() = default;
  void operator()(T record) {
    if (to_)
      (*to_)(std::move(record));
  }

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
  virtual void descend_from(const envelope& e) = 0;
  virtual void promised(const stamp& s) = 0;
  virtual void passed(const stamp& s) = 0;
  virtual bool empty() const = 0;
  virtual bool full() = 0;
  virtual bool hand_on() = 0;
  virtual bool blocked() const = 0;
  virtual void list_ports(std::vector<port*>& all) = 0;
};

template <class T>
class side_port_of final : public side_port {
public:
  explicit side_port_of(fanout<T> to) : out(std::move(to)) {}
  void open(const stage_services& s) override {
    std::vector<port*> ports;
    out.list_ports(ports);
    carried_columns carried;
    for (const port* p : ports)
      carried |= p->carried();
    out.open(s.limits, carried, s.stage, s.dead_letters);
  }
  carried_columns carried() const override { return out.carried(); }
  void descend_from(const envelope& e) override { out.descend_from(e, true); }
  void promised(const stamp& s) override { out.promised(s); }
  void passed(const stamp& s) override { out.passed(s); }
  bool empty() const override { return out.empty(); }
  bool full() override { return out.full(); }
  bool hand_on() override { return out.hand_on(); }
  bool blocked() const override { return out.blocked(); }
  void list_ports(std::vector<port*>& all) override { out.list_ports(all); }

  emitter<T> out;
};

using side_ports = std::map<std::string, std::unique_ptr<side_port>>;

/// What an operator's `open` gets: the place to ask for its states and side outputs, by name.
class setup {
public:
  setup(std::vector<std::unique_ptr<state_column>>& columns, side_ports& sides)
      : columns_(columns), sides_(sides) {}

  /// One value for each key, value-initialised for a new key. The name is its identity when saved.
  template <class V>
  value_state<V> value(std::string name) {
    for (const auto& c : columns_)
      if (c->name() == name)
        throw failure(
            user_error("two states are called \"" + name + "\"", "give each its own name"));
    auto column = std::make_unique<value_column<V>>(std::move(name));
    value_state<V> handle(*column);
    columns_.push_back(std::move(column));
    return handle;
  }

  /// A second output.
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
  std::vector<std::unique_ptr<state_column>>& columns_;
  side_ports& sides_;
  std::vector<std::string> claimed_;
};

/// What an operator may know and touch while it processes a record.
class context {
public:
  /// The value of this state for the record's key. Stays valid during this call.
  template <class V>
  V& get(const value_state<V>& state) const {
    if (!state.column_) [[unlikely]]
      detail::state_never_set(detail::compiler_name<V>());
    return state.column_->at(slot_);
  }
  /// The runtime's clock.
  clock_time now() const { return clock_->now(); }

private:
  template <class, class, class>
  friend class keyed_stage;
  state_slot slot_ = 0;
  const clock* clock_ = nullptr;
};

/// What an operator may know besides if its `process` takes one of these: where the record stands
/// in event time. It then gets its records in stamp order, with stamps, whatever the parallelism;
/// all answers are the same in every run.
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

private:
  template <class, class, class>
  friend class keyed_stage;
  envelope envelope_;
  std::chrono::microseconds out_of_order_{0};
};

template <class Op, class T, class Context>
concept processes_with = requires(Op op, const T& record, emitter<typename Op::output_type>& out,
                                  Context& ctx) {
  op.process(record, out, ctx);
};
template <class Op, class T>
concept needs_event_context =
    !processes_with<Op, T, context> && processes_with<Op, T, event_context>;
template <class Op, class T>
concept keyed_operator_on = processes_with<Op, T, context> || processes_with<Op, T, event_context>;

/// Runs an operator over the records of its keys.
template <class T, class KeyOf, class Op>
class keyed_stage final : public producing_stage<typename Op::output_type> {
  using base = producing_stage<typename Op::output_type>;
  using base::out_, base::services_, base::ports_;

public:
  keyed_stage(KeyOf key_of, Op op, fanout<typename Op::output_type> to, side_ports sides)
      : base(std::move(to)), key_of_(std::move(key_of)), op_(std::move(op)),
        sides_(std::move(sides)) {
    for (auto& [name, side] : sides_)
      side->list_ports(ports_);
  }

  result<void> open(const stage_services& services) override {
    if (auto opened = base::open(services); !opened)
      return opened;
    read_ = needs_event_context<Op, T> ? all_columns : out_.carried();
    for (auto& [name, side] : sides_) {
      side->open(services);
      read_ |= side->carried();
    }
    ctx_.clock_ = services.time;
    if constexpr (needs_event_context<Op, T>)
      ctx_.out_of_order_ = services.out_of_order;
    if constexpr (requires(setup & s) { op_.open(s); }) {
      setup s(columns_, sides_);
      op_.open(s);
      for (const auto& [name, side] : sides_)
        if (!s.claimed(name))
          return user_error("the operator has no side output \"" + name + "\"");
    } else if (!sides_.empty()) {
      return user_error("the operator has no side output \"" + sides_.begin()->first + "\"");
    }
    return {};
  }

  void consume(std::size_t, frame& f, std::size_t& next, std::size_t end) override {
    const auto& from = f.as<T>();
    envelope_cursor envelopes(from.envelopes, read_);
    const std::size_t first = next;
    while (next < end) {
      const std::size_t i = next++;
      const envelope& e = envelopes.at(i);
      if constexpr (needs_event_context<Op, T>)
        ctx_.envelope_ = e;
      start(e);
      if (!columns_.empty()) { // or each key ever seen would be kept for nothing
        const auto& key = key_of_(from.records[i]);
        ctx_.slot_ = slots_.slot_of(key, key_hash(key));
      }
      process_or_reject(services_, from, i, first,
                        [this](const T& record) { return op_.process(record, out_, ctx_); });
      if (!pass_on_full())
        break;
    }
    stage_counters::add(services_.counters->records_in, next - first);
  }

  bool blocked() const override {
    for (const auto& [name, side] : sides_)
      if (side->blocked())
        return true;
    return base::blocked();
  }
  void resume() override { drain(); }
  bool drain() override {
    bool clear = true;
    for (auto& [name, side] : sides_)
      clear = side->hand_on() && clear;
    return clear ? base::drain() : (out_.hand_on(), false); // the base lets marks go: all or none
  }
  void stall(const stamp& consumed) override {
    for (auto& [name, side] : sides_) {
      side->hand_on();
      side->passed(consumed);
    }
    base::stall(consumed);
  }

private:
  void promise(const mark& m) override {
    for (auto& [name, side] : sides_)
      side->promised(m.progress);
    base::promise(m);
  }

  bool gathering() const override {
    for (const auto& [name, side] : sides_)
      if (!side->empty())
        return true;
    return base::gathering();
  }

  using key_type = std::remove_cvref_t<std::invoke_result_t<const KeyOf&, const T&>>;

  void start(const envelope& e) {
    out_.descend_from(e, true);
    for (auto& [name, side] : sides_)
      side->descend_from(e);
  }

  bool pass_on_full() {
    bool clear = !out_.full() || out_.hand_on();
    for (auto& [name, side] : sides_)
      clear = (!side->full() || side->hand_on()) && clear;
    return clear;
  }

  KeyOf key_of_;
  Op op_;
  key_slots<key_type> slots_;
  std::vector<std::unique_ptr<state_column>> columns_;
  side_ports sides_;
  carried_columns read_;
  std::conditional_t<needs_event_context<Op, T>, event_context, context> ctx_;
};

} // namespace leat
