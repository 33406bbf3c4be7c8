// One subtask at work: its inlet, its stage, its ports, and the rules between them. It knows no
// actors; whoever hosts it delivers frames and grants, and carries what it sends.
#pragma once

#include <leat/detail/runtime/inlet.hpp>
#include <leat/detail/runtime/input_edge.hpp>
#include <leat/detail/stage/source_stage.hpp>

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
  stall busy;                ///< in calls of its stage, and while that was occupied between them
  std::atomic<std::uint64_t> ended{0}; ///< 1: its stream has ended

  /// What a measure comes to now, the present stretch included.
  static clock_time until(const stall& s, clock_time now);
};

/// What a subtask asks of its host.
class subtask_host : public wire {
public:
  /// Tells the inlet what is promised on its channels, where the host knows of more.
  virtual void look(inlet& in) = 0;
  virtual void grant(std::size_t channel, const credit& returned) = 0;
  virtual void cancel(std::size_t channel) = 0;
  /// Call woken(number) soon, after what is in the mailbox now ...
  virtual void again(std::uint64_t number) = 0;
  /// ... or at this time.
  virtual void wake_at(clock_time when, std::uint64_t number) = 0;
  /// A barrier has passed, and nothing that came after it was taken in: the place for save().
  virtual void passed(const barrier&) {}
  /// The output of a sink is prepared: commit() or the end of the job comes next.
  virtual void prepared() = 0;
  /// The subtask is done: nothing will be sent any more.
  virtual void done() = 0;
};

/// Contract: called by one thread at a time.
class subtask {
public:
  struct settings {
    input_edges channels;
    bool ordered = false;
    credit credit_limit;
    std::vector<edge_settings> ports; ///< as stage::ports()
    stage_services services;          ///< wake_at is filled in here
  };

  subtask(std::shared_ptr<stage> logic, settings with, subtask_host& by, subtask_metrics& measured);

  result<void> open();

  // What the host passes on. Each may work.
  void receive(std::size_t channel, frame f);
  void promised(std::size_t channel, const mark& m, std::uint64_t frames);
  void granted(std::size_t port, std::size_t lane, const credit& returned);
  void cancelled(std::size_t port, std::size_t lane);
  /// A wake-up that was asked for; or, with number 0, one from outside.
  void woken(std::uint64_t number);
  /// A command is to come with a barrier, after those that were prepared before it.
  result<void> prepare(const command& c);
  /// The command that was prepared last does not come.
  void withdraw();
  /// A barrier enters the stream: a source puts it there.
  void inject(std::shared_ptr<const barrier> at);
  void work();

  /// All that a fresh subtask of the same place in the same plan needs to go on from here.
  /// Contract: called by subtask_host::passed. An error if something cannot be saved: a source, a
  /// sink, or records that cannot be encoded.
  result<std::string> save() const;
  /// Takes in what save() returned, from anywhere; after open(), before anything else. After an
  /// error the subtask is of no use.
  result<void> load(std::string_view saved);

  /// The host gives it a processor, and takes it away: in between it counts as busy.
  void begin_turn();
  void end_turn();

  /// Of a sink that has prepared: make the output visible.
  void commit();

  /// There is nothing else to do: hand on what waits for company.
  void idle();

  bool finished() const { return finished_ && !prepared_; }

private:
  port& port_at(std::size_t port, std::size_t lane);
  void work_source();
  void work_inlet();
  void advance(const mark& m);
  void advance_source();
  bool may_pull() const;
  bool pull();
  bool barrier_or_end();
  result<command_effect> effect_of(const command& c);
  bool pass(const std::shared_ptr<const barrier>& at);
  void obey(const barrier& at);
  void finish();
  void send_event(const std::shared_ptr<const barrier>& at, bool last);
  void again();
  void wake_by(clock_time when);
  void cancel_inputs();
  bool all_cancelled() const;
  void return_credit();
  void before_stalling();
  void publish();

  /// How often a source pulls before others get their turn.
  static constexpr unsigned pulls_in_turn = 4;

  std::shared_ptr<stage> stage_;
  source_stage* source_ = nullptr; // it is one, or null
  settings settings_;
  subtask_host& host_;
  subtask_metrics& metrics_;
  inlet inlet_;
  std::optional<mark> reached_; // what the stage knows, while it has emitted nothing since
  bool mark_due_ = false;       // of a source: it pulled something and could not advance

  /// A stage that is never out of work passes marks on all the same, or what waits for them piles
  /// up.
  static constexpr std::size_t most_between_marks = 1024;
  std::size_t since_mark_ = 0; // records
  bool input_cancelled_ = false;
  bool source_done_ = false;
  bool finished_ = false; // its stream has ended
  bool prepared_ = false; // it waits for commit()
  struct prepared_command {
    command what;
    command_effect effect;
  };
  std::deque<prepared_command> commands_; // in the order of their barriers
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
};

} // namespace leat
