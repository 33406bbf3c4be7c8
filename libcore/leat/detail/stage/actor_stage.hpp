// The stage within an actor of the user's own. It does what the protocol asks for (credit, marks,
// barriers, the end); the actor is called with stretches of records, and may put records of its own
// between them. The core knows no actors: it meets them as a record_handler.
#pragma once

#include <leat/detail/record/plain_bytes.hpp>
#include <leat/detail/stage/rejecting.hpp>

namespace leat {

template <class In, class Out>
class actor_stage;

/// The user's actor as its stage sees it.
template <class In, class Out>
class record_handler {
public:
  virtual ~record_handler() = default;
  /// Runs records through stage.each().
  virtual void process_stretch(actor_stage<In, Out>& stage, frame& f, std::size_t& next,
                               std::size_t end) = 0;
  /// The input has ended; what it still has to say goes out now. Called once.
  virtual void end_of_input(emitter<Out>& out) = 0;
};

template <class In, class Out>
class actor_stage final : public producing_stage<Out> {
  using base = producing_stage<Out>;
  using base::out_, base::services_;

public:
  using base::base;

  /// Before open(): the actor this is the stage of.
  void bind(record_handler<In, Out>& handler) { handler_ = &handler; }

  void consume(std::size_t, frame& f, std::size_t& next, std::size_t end) override {
    const std::size_t first = next;
    handler_->process_stretch(*this, f, next, end);
    stage_counters::add(services_.counters->records_in, next - first);
  }

  /// Calls `process(record, output)` for records [next, end) until the stage must pause.
  template <class Process>
  void each(frame& f, std::size_t& next, std::size_t end, Process process) {
    const rows& from = *f.records;
    envelope_cursor envelopes(from.envelopes, all_columns);
    const std::size_t first = next;
    bool go_on = true;
    while (go_on && next < end) {
      const std::size_t i = next++;
      current_ = envelopes.at(i);
      out_.descend_from(current_, true);
      process_or_reject<In>(services_, from, i, first,
                            [&](const In& record) { return process(record, out_); });
      go_on = (!out_.full() || out_.hand_on()) && !paused_;
    }
  }

  /// A record that comes of no input, or of the one the stage was paused at. It takes the present
  /// position.
  void emit(Out record) {
    if (paused_)
      out_.descend_from({reached_.progress, current_.time, current_.late, current_.ingested}, true);
    else
      out_.descend_from({reached_.progress, reached_.progress.time, false, services_.time->now()},
                        true);
    out_(std::move(record));
    wake_soon();
  }

  /// The stamp of the record that `process` was called with last, if the edge carries stamps.
  const stamp& here() const { return current_.at; }

  /// Makes a record a dead letter after `process` has returned.
  void reject(const In& record, const error& why, const stamp& at) {
    reject_record(services_, raw_place(at), record, why);
  }

  /// While paused it takes no records, marks or barriers, and its input does not end.
  void pause() {
    if (!std::exchange(paused_, true))
      services_.counters->paused_since.store(services_.time->now(), std::memory_order_relaxed);
  }
  void unpause() {
    paused_ = false;
    services_.counters->paused_since.store(0, std::memory_order_relaxed);
    wake_soon();
  }

  void advance(const mark& m) override {
    reached_.raise(m);
    base::advance(m);
  }
  /// While it is paused it is not through with the record that it is at.
  void stall(const stamp& consumed) override { base::stall(paused_ ? stamp{} : consumed); }

  /// What the protocol needs. The user's actor is not saved: only it knows what it keeps.
  result<void> save(std::string& to) const override {
    put_plain(to, reached_.progress), put_plain(to, current_.ingested);
    return base::save(to);
  }
  result<void> load(byte_cursor& from) override {
    if (!base::get_least(from, reached_.progress) || !get_plain(from, current_.ingested))
      return this->loaded(false);
    return base::load(from);
  }

  bool blocked() const override { return paused_ || base::blocked(); }
  bool occupied() const override { return paused_; }
  void wake() override {
    woken_ = true;
    this->flush();
  }

  /// Asks for a turn of the stage, for what the actor did outside of a record.
  void wake_soon() {
    if (std::exchange(woken_, false))
      services_.wake_soon();
  }

  bool finish() override {
    if (!ended_) {
      ended_ = true;
      const stamp last = after_all_records();
      out_.descend_from({last, last.time, false, current_.ingested}, true);
      handler_->end_of_input(out_);
    }
    return !paused_ && this->drain();
  }

private:
  // Its descendants come after all records, and before the end.
  stamp after_all_records() const {
    constexpr std::chrono::microseconds moment{1};
    stamp last = end_of(std::min(reached_.progress.time, end_of_time - moment) + moment);
    last.path = {};
    return last;
  }

  record_handler<In, Out>* handler_ = nullptr;
  mark reached_;
  envelope current_; // of the record that it is at
  bool paused_ = false;
  bool ended_ = false;
  bool woken_ = true; // no wake-up is under way
};

} // namespace leat
