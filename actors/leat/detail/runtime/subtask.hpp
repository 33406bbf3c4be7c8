// One subtask at work: its inlet, its stage, its ports, and the rules between them. It knows no
// actors; whoever hosts it delivers frames and grants, and carries what it sends.
#pragma once

#include <leat/detail/runtime/inlet.hpp>
#include <leat/detail/runtime/input_edge.hpp>
#include <leat/detail/runtime/poison_watch.hpp>
#include <leat/detail/runtime/subtask_letters.hpp>
#include <leat/detail/stage/source_stage.hpp>

#include <set>

namespace leat {

/// Measured by one subtask, read by anybody at any time.
struct subtask_metrics {
  explicit subtask_metrics(std::size_t ports) : stalls(ports), promises(ports) {}

  struct stall {
    std::atomic<clock_time> total{0}; ///< nanoseconds blocked, up to the last change
    std::atomic<clock_time> since{0}; ///< start of the present block; 0 if there is none
  };
  /// What was promised last, but for the end.
  struct promise {
    std::atomic<event_time> time{begin_of_time};
    std::atomic<std::uint64_t> idle{0}; ///< 1: nobody waits for it
  };
  stage_counters counters;
  histogram latency;
  std::vector<stall> stalls;     ///< by port
  std::vector<promise> promises; ///< by port; on edges with stamps
  promise reached;               ///< by the stage, of its input
  stall busy; ///< in calls of its stage, and while that was occupied between them
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
  /// Where the stream has ended, that is at once.
  virtual void passed(const barrier&) {}
  /// The stream of a subtask has ended that still has to commit: commit() or the end of the job
  /// comes next.
  virtual void prepared() = 0;
  /// The subtask is done: nothing will be sent any more.
  virtual void done() = 0;
};

struct subtask_file;

/// Contract: called by one thread at a time.
class subtask {
public:
  struct settings {
    input_edges channels;
    bool ordered = false;
    credit credit_limit;
    std::vector<edge_settings> ports; ///< as stage::ports()
    stage_services services;          ///< wake_at is filled in here
    /// Where services.dead_letters leads; null: somewhere else, which no checkpoint knows of.
    std::shared_ptr<subtask_letters> letters = {};
    bool published = false; ///< what load() finds prepared has been committed for good
    /// A record that has brought down the subtask so often becomes a dead letter; 0: none does.
    std::size_t poison_after = 0;
    std::string poison_file = {}; ///< where that is counted
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
  /// A barrier enters the stream: a source puts it there, and to others it will come, unless their
  /// inputs end before.
  void inject(std::shared_ptr<const barrier> at);
  void work();

  /// All that fresh subtasks of the same stage need to go on from here, whatever their number.
  /// Contract: called by subtask_host::passed. An error if something cannot be saved, such as
  /// records that cannot be encoded.
  result<std::string> save() const;
  /// The same for later: what is shared with the subtask is encoded then, in any thread.
  result<captured_bytes> capture() const;
  /// Takes in what save() returned, from anywhere; after open(), before anything else. To be called
  /// with what all subtasks of the stage saved, in any order, and each takes what falls to it. One
  /// whose stage had the same number of subtasks, and is no source, needs only what that of its own
  /// number saved: nothing else falls to it. Commits again what is prepared in it. After an error
  /// the subtask is of no use. `files_at`: see stage::find_files_at.
  result<void> load(std::string_view saved, const std::string& files_at = {});
  /// With checkpoints, when all are loaded, also if there are none: gives up what was prepared
  /// besides.
  result<void> begin();
  /// Of one that was loaded as ended: tells its neighbours and the job.
  void tell_end();
  bool ended() const { return finished_; }
  bool has_outputs() const { return !outputs_.empty(); }
  bool holds_records() const { return inlet_.held() > 0; }

  /// It fails at what it is at, for this reason.
  void blame(const error& why);
  /// Null if its records are not watched.
  poison_watch* watch() const { return watch_.get(); }

  /// The host gives it a processor, and takes it away: in between it counts as busy.
  void begin_turn();
  void end_turn();

  /// Publishes what it has prepared of the epochs up to this one. `last`: with that it is done.
  void commit(epoch up_to, bool last);

  /// There is nothing else to do: hand on what waits for company.
  void idle();

  bool finished() const { return finished_ && !awaits_commit_; }

private:
  struct prepared_output {
    epoch of;
    std::string committable; // of its sink; may be empty
    std::string letters;     // dead letters, see subtask_letters::prepare
    std::string prefix;      // of their names
  };

  result<void> load_channels(const subtask_file& file);
  port& port_at(std::size_t port, std::size_t lane);
  void work_source();
  void work_inlet();
  bool watching() const { return watch_ && watch_->on(); }
  void consume_watched(std::size_t input, frame& f, std::size_t& next);
  pull_status pull_watched();
  bool is_poison(const rows& from, std::size_t i, poison_watch::record_id id);
  void end_watched();
  void advance(const mark& m);
  void advance_source();
  void inject_next();
  bool may_pull() const;
  bool pull();
  bool barrier_or_end();
  result<command_effect> effect_of(const command& c);
  bool pass(const std::shared_ptr<const barrier>& at);
  void obey(const barrier& at);
  void finish();
  void prepare_output();
  void commit_output(const prepared_output& o);
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
  std::unique_ptr<poison_watch> watch_;
  std::optional<mark> reached_; // what the stage knows, while it has emitted nothing since
  bool mark_due_ = false;       // of a source: it pulled something and could not advance

  /// A stage that is never out of work passes marks on all the same, or what waits for them piles
  /// up.
  static constexpr std::size_t most_between_marks = 1024;
  std::size_t since_mark_ = 0; // records
  bool input_cancelled_ = false;
  bool source_done_ = false;
  bool suspended_ = false;                // a source that reads no more in this attempt
  bool finished_ = false;                 // its stream has ended
  bool awaits_commit_ = false;            // the last one
  epoch epoch_;                           // that of the records it gets now
  std::deque<prepared_output> outputs_;   // not yet committed, by epoch
  std::vector<std::string> last_outputs_; // of a sink that goes on from these after a restart
  std::set<std::uint64_t> loaded_;        // the subtasks whose states these were, ...
  std::uint64_t saved_by_ = 0;            // ... of so many, ...
  bool all_ended_ = true;                 // ... as far as it goes on for them
  struct prepared_command {
    command what;
    command_effect effect;
  };
  std::deque<prepared_command> commands_;               // in the order of their barriers
  std::deque<std::shared_ptr<const barrier>> injected_; // and not yet passed
  bool pull_requested_ = false;                         // it will be woken to pull again
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
