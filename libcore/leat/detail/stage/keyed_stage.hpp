// An operator as a stage.
#pragma once

#include <leat/detail/stage/rejecting.hpp>
#include <leat/detail/stage/stage_context.hpp>
#include <leat/detail/state/keyed_store.hpp>
#include <leat/operator.hpp>

namespace leat {

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
    ctx_.open(states_, *services.time, services.out_of_order);
    if constexpr (requires(setup & s) { op_.open(s); }) {
      setup s(states_, sides_);
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
      ctx_.set_envelope(e);
      start(e);
      if (states_.stateless()) {
        process(from, i, first);
      } else {
        const auto& key = key_of_(from.records[i]);
        states_.enter(key);
        process(from, i, first);
        states_.leave();
      }
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

  void process(const rows_of<T>& from, std::size_t i, std::size_t first) {
    process_or_reject(services_, from, i, first,
                      [this](const T& record) { return op_.process(record, out_, ctx_); });
  }

  bool pass_on_full() {
    bool clear = !out_.full() || out_.hand_on();
    for (auto& [name, side] : sides_)
      clear = (!side->full() || side->hand_on()) && clear;
    return clear;
  }

  KeyOf key_of_;
  Op op_;
  detail::keyed_store<key_type> states_;
  side_ports sides_;
  carried_columns read_;
  using offered = std::conditional_t<needs_event_context<Op, T>, event_context, context>;
  detail::stage_context<offered> ctx_;
};

} // namespace leat
