// A stage is the logic of one subtask, without an actor around it: it takes frames, keeps state,
// and puts what comes of it into ports. One actor class runs any stage; a test can run it by hand.
#pragma once

#include <leat/detail/stage/blocking_reader.hpp>
#include <leat/detail/stage/histogram.hpp>
#include <leat/detail/stage/split_board.hpp>
#include <leat/detail/stage/waiting_note.hpp>
#include <leat/detail/transport/scratch_file.hpp>
#include <leat/emitter.hpp>
#include <leat/state_backend.hpp>

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <string>

namespace leat {

/// Counted by one subtask, read by anybody.
struct stage_counters {
  std::atomic<std::uint64_t> records_in{0};
  std::atomic<std::uint64_t> records_out{0};
  std::atomic<std::uint64_t> panes{0};
  std::atomic<std::uint64_t> late{0};
  std::atomic<std::uint64_t> dead_letters{0};
  std::atomic<std::uint64_t> timers_dropped{0}; ///< at the end of the input
  std::atomic<std::uint64_t> spilled{0};   ///< records that did not fit into the memory for a pane
  std::atomic<std::uint64_t> held{0};      ///< records in operator state that are not yet processed
  std::atomic<clock_time> paused_since{0}; ///< its actor has paused; 0: it has not
  const std::shared_ptr<waiting_note> waiting = std::make_shared<waiting_note>();
  split_board splits; ///< of a source with event times

  /// Counters have one writer, so adding needs no locked instruction.
  static void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
};

class source_alignment;

/// What the runtime gives a stage. All of it outlives the stage.
struct stage_services {
  std::string stage;
  std::uint32_t stage_number = 0; ///< its place in the plan
  std::size_t subtask = 0;
  std::size_t subtasks = 1;
  const clock* time = nullptr;
  dead_letter_sink* dead_letters = nullptr;
  stage_counters* counters = nullptr;
  histogram* latency = nullptr; ///< where sinks measure
  frame_limits limits;
  bool checkpoints = false;                  ///< each barrier is one
  epoch after = 0;                           ///< the last one before those of this attempt
  std::string folder;                        ///< where sinks keep what they prepare; or empty
  state_backend* states = nullptr;           ///< where keyed state lies; null: in memory
  bool keep_order = false;                   ///< somebody behind this stage depends on order
  std::chrono::microseconds out_of_order{0}; ///< the most that a source before it declares
  /// Bytes of records that a windowing stage may hold in memory. It puts more of them into a file.
  std::size_t batch_memory = std::numeric_limits<std::size_t>::max();
  make_scratch_file scratch; ///< makes that file; never null where memory is bounded
  double rate = 0;           ///< records/s all sources together are held to; 0: unlimited
  /// Asks for one call of wake(), at this time of the clock or soon after. Of several requests the
  /// earliest counts: who is woken too early asks again.
  std::function<void(clock_time)> wake_at;
  /// Asks for one call of wake(), soon. May be called from any thread.
  std::function<void()> wake_soon;
  /// Where readers that may block are read. Null: there are no threads, they are called in place.
  start_reading read_apart;
  /// Of a source whose splits are to stay together with others'. Null: they need not.
  std::shared_ptr<source_alignment> alignment;
};

/// True if a source, sink, model or actor says by `static constexpr bool blocking = true` that its
/// calls may wait outside the runtime. It then gets a thread.
template <class X>
constexpr bool blocks() {
  if constexpr (requires {
                  { X::blocking } -> std::convertible_to<bool>;
                })
    return X::blocking;
  return false;
}

/// A state at a moment: appends itself, at any time and in any thread, once.
struct captured_bytes {
  std::function<void(std::string&)> append;
  std::shared_ptr<const stored_files> files = {}; ///< that belong to it; or null

  void operator()(std::string& to) const { append(to); }
};

/// What the state of a stage begins with: for a keyed stage the types of its states and its key
/// groups, for a source its splits.
enum class saved_contents : std::uint8_t { other, states, splits };

/// What a command does at its barrier.
using command_effect = std::function<void()>;

/// Contract: called by one thread at a time. Any call may leave the stage blocked; until it is not,
/// it gets no records, marks or barriers, only resume(), wake() and flush().
class stage {
public:
  virtual ~stage();

  virtual result<void> open(const stage_services& services);

  /// Processes records [next, end) of a frame and moves `next` on; stops early when blocked.
  /// `input`: of the stage, on which the frame came; the records of each input are of one type.
  virtual void consume(std::size_t input, frame& f, std::size_t& next, std::size_t end) = 0;

  /// All records up to this mark were consumed.
  virtual void advance(const mark& m) { advance_ports(m); }

  /// The time asked for by wake_at has come, or another one; also while the stage is blocked.
  virtual void wake() {}

  /// A command is to come with a barrier: checks it, loads what it needs, and returns its effect.
  /// The runtime calls that when at_barrier() has returned true. Until then nothing changes: the
  /// command may not come, since an error, here or in another subtask, refuses it everywhere. May
  /// be called while the stage is blocked.
  virtual result<command_effect> prepare(const command& c);

  /// A barrier stands here. True when all that came before it is handed on; else call again.
  virtual bool at_barrier(const barrier&) { return drain(); }

  /// Appends all that what follows a barrier depends on. To be called where at_barrier() has
  /// returned true and nothing came since. The error says why it cannot be saved.
  virtual result<void> save(std::string& to) const;
  /// The same for later, so that records need not wait. Unless a stage has a way to share its
  /// state, it is saved at once.
  virtual result<captured_bytes> capture() const;
  /// Takes in what save() wrote; after open(), before anything else. Called for each of the states
  /// that this subtask goes on from: its own, or those of all subtasks that the stage had, of which
  /// it takes what falls to it. Of what was promised the least holds. After an error the stage is
  /// of no use.
  virtual result<void> load(byte_cursor& from);
  /// Where the files lie that belong to what load() gets next: a path that their names are appended
  /// to.
  virtual void find_files_at(const std::string& /*prefix*/) {}
  /// All of them were loaded.
  virtual result<void> begin() { return {}; }
  /// Whether a record falls to this subtask that one of the stage's subtasks, whatever their
  /// number, held where it was saved.
  virtual bool claims(std::size_t /*input*/, const rows&, std::size_t /*record*/,
                      std::size_t holder) const {
    return holder % services_.subtasks == services_.subtask;
  }
  /// What save() begins with, for whoever looks at it without this stage.
  virtual saved_contents saves() const { return saved_contents::other; }

  /// The input has ended. True when everything is handed on; else call again when unblocked.
  virtual bool finish() { return drain(); }

  /// True of a sink: what it writes in an epoch appears when the job has decided so.
  virtual bool publishes_by_epoch() const { return false; }
  /// Of a sink, where the epoch ends, at a barrier or after finish(): what was written since the
  /// last call is durable. Returns what commit() needs; empty if there is nothing to publish.
  virtual std::string prepare_output(epoch) { return {}; }
  /// Publishes what was prepared, perhaps by another stage before a restart, perhaps again.
  virtual void commit(std::string_view) {}
  /// Of a sink with checkpoints, after open() and before the first record, when all that the
  /// restored checkpoint lists is committed. First what each earlier subtask that this one goes on
  /// for has prepared last, committed or not: those with its number modulo its parallelism.
  virtual void restore_output(std::string_view) {}
  /// Whether that does anything.
  virtual bool restores_output() const { return false; }
  /// Then, also if there is no such checkpoint: what they have prepared besides is given up.
  virtual void discard_uncommitted() {}

  /// Nothing more to do for now: hand on what waits for company.
  virtual void flush();

  /// It is blocked, and will now wait. What could go must go before, and who waits for it must
  /// learn how far it has come: either may be what returns the credit that it waits for.
  /// `consumed`: no record up to this stamp will be given any more.
  virtual void stall(const stamp& consumed);

  virtual bool blocked() const { return false; }
  virtual void resume() {}
  /// True while it takes no records for a reason of its own, not for want of credit: it rests, or
  /// its actor has paused. That time counts as busy.
  virtual bool occupied() const { return false; }
  /// True when nothing is left between the last consumed record and the ports.
  virtual bool drain() { return true; }
  /// The stage itself wants no more input (a sink that has enough).
  virtual bool satisfied() const { return false; }

  const std::vector<port*>& ports() const { return ports_; }

protected:
  /// How load() ends if what it read makes sense, or makes none.
  result<void> loaded(bool good) const;

  void advance_ports(const mark& m);

  stage_services services_;
  std::vector<port*> ports_;
};

/// A stage with an output, whatever the type of its records.
class emitting_stage : public stage {
public:
  result<void> open(const stage_services& services) override;

  /// A mark must not overtake records that are still gathered here, so it goes when they have gone.
  /// Under load that may take long for an output with few records; so at times it is made to.
  void advance(const mark& m) override;

  bool blocked() const override { return output_.blocked(); }
  void resume() override { output_.resume(); }
  bool drain() override;

  /// Flags of marks are not saved: they speak of senders as they were. load() comes last of all
  /// that a stage loads.
  result<void> save(std::string& to) const override;
  result<void> load(byte_cursor& from) override;

  void stall(const stamp& consumed) override;
  void flush() override;

protected:
  /// `output`: a member of the stage, which calls list_ports of it once it is made.
  explicit emitting_stage(stage_output& output) : output_(output) {}

  /// True if emitted records are not yet handed on.
  virtual bool gathering() const { return !output_.empty(); }

  /// Nothing of what this speaks of is under way in this stage.
  virtual void promise(const mark& m);

  /// Within load(): the least of a stamp in all states that are loaded.
  bool get_least(byte_cursor& from, stamp& least) const;
  bool joins() const { return loaded_parts_ > 0; }

private:
  stage_output& output_;
  mark reached_;
  unsigned advances_ = 0;
  unsigned loaded_parts_ = 0;
};

/// A stage that emits records of type Out.
template <class Out>
class producing_stage : public emitting_stage {
public:
  explicit producing_stage(fanout to) : emitting_stage(out_), out_(std::move(to)) {
    out_.list_ports(ports_);
  }

protected:
  emitter<Out> out_;
};

} // namespace leat
