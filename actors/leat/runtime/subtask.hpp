// One subtask at work: its inlet, its stage, its ports, and the rules between them. It knows no
// actors; whoever hosts it delivers frames and grants, and carries what it sends.
#pragma once

#include <leat/runtime/inlet.hpp>
#include <leat/source.hpp>

namespace leat {

/// Measured by one subtask, read by anybody at any time.
struct subtask_metrics {
  explicit subtask_metrics(std::size_t ports) : stalls(ports) {}

  struct stall {
    std::atomic<clock_time> total{0}; ///< nanoseconds blocked, up to the last change
    std::atomic<clock_time> since{0}; ///< start of the present block; 0 if there is none
  };
  stage_counters counters;
  histogram latency;
  std::vector<stall> stalls; ///< by port

  clock_time stalled(std::size_t port, clock_time now) const;
};

/// What a subtask asks of its host.
class host : public wire {
public:
  virtual void grant(std::size_t channel, const credit& returned) = 0;
  virtual void cancel(std::size_t channel) = 0;
  /// Call woken(number) soon, after what is in the mailbox now ...
  virtual void again(std::uint64_t number) = 0;
  /// ... or at this time.
  virtual void wake_at(clock_time when, std::uint64_t number) = 0;
  /// A source tells how far it has come, for alignment with others.
  virtual void report(const mark& reached) = 0;
  /// The subtask is done: nothing will be sent any more.
  virtual void done() = 0;
};

/// Contract: called by one thread at a time.
class subtask {
public:
  struct settings {
    std::size_t channels = 0;
    bool ordered = false;
    credit window;
    std::vector<edge_settings> ports; ///< as stage::ports()
    stage_services services;          ///< wake_at is filled in here
    bool report = false;              ///< of a source: align with other sources
  };

  subtask(std::shared_ptr<stage> logic, settings with, host& by, subtask_metrics& measured);

  result<void> open();

  // What the host passes on. Each may work.
  void receive(std::size_t channel, frame f);
  void granted(std::size_t port, std::size_t lane, const credit& returned);
  void cancelled(std::size_t port, std::size_t lane);
  /// A wake-up that was asked for; or, with number 0, one from outside.
  void woken(std::uint64_t number);
  /// Of a source: put this barrier into the stream.
  void inject(std::shared_ptr<const barrier> at);
  /// Of a source: the slowest source has come this far.
  void floor(const stamp& slowest);
  void work();

  /// There is nothing else to do: hand on what waits for company.
  void idle();

  bool finished() const { return finished_; }

private:
  port& port_at(std::size_t port, std::size_t lane);
  void work_source();
  void work_inlet();
  void advance(const mark& m);
  void advance_source();
  bool may_pull() const;
  bool pull();
  bool barrier_or_end();
  void finish();
  void send_event(const std::shared_ptr<const barrier>& at, bool last);
  void again();
  void wake_by(clock_time when);
  void cancel_inputs();
  bool all_cancelled() const;
  void return_credit();
  void before_stalling();
  void publish();
  bool too_far_ahead() const;

  /// How often a source pulls before others get their turn.
  static constexpr unsigned pulls_in_turn = 4;
  /// How many records a source may be past the slowest one.
  static constexpr std::uint64_t most_ahead = 65'536;

  std::shared_ptr<stage> stage_;
  pullable* source_ = nullptr;
  settings settings_;
  host& host_;
  subtask_metrics& metrics_;
  inlet inlet_;
  mark reached_;
  bool mark_due_ = false; // of a source: it pulled something and could not advance

  /// A stage that is never out of work passes marks on all the same, or what waits for them piles
  /// up.
  static constexpr std::size_t most_between_marks = 1024;
  std::size_t since_mark_ = 0; // records
  bool input_cancelled_ = false;
  bool source_done_ = false;
  bool finished_ = false;
  std::deque<std::shared_ptr<const barrier>> injected_;
  bool pull_requested_ = false; // it will be woken to pull again
  // Wake-ups that are under way cannot be called back, so none is asked for where another comes as
  // early, or they would multiply.
  struct timer {
    clock_time due;
    std::uint64_t number;
  };
  std::uint64_t wakes_ = 0;
  std::uint64_t again_ = 0;   // number of that under way, 0 if there is none
  std::vector<timer> timers_; // the earliest is the last
  stamp floor_;
  std::deque<std::pair<stamp, std::uint64_t>> ahead_; // stamps reached, and records up to them
  std::uint64_t behind_floor_ = 0;                    // records up to the slowest source's stamp
};

} // namespace leat
