// A running graph: start it, watch it, steer it, wait for it. No CAF in sight.
#pragma once

#include <leat/graph.hpp>
#include <leat/state_backend.hpp>

#include <set>

namespace leat {

class job_runner;
class worker_source;
struct job_metrics;

/// How many dead letters a run may have. Without a limit only a run in which no record got through
/// fails. A number is checked at once within each process, and over all of them at the end; a share
/// at the end. A run beyond the limit fails and publishes nothing.
struct dead_letter_limit {
  std::optional<std::uint64_t> count;
  std::optional<double> percent; ///< of the records that the sources met
};

/// When a running job saves what it knows, and where.
struct checkpoint_options {
  std::string folder;                                         ///< empty: it saves nothing
  std::chrono::nanoseconds interval{std::chrono::seconds{1}}; ///< between the starts of two
  std::chrono::nanoseconds pause{0}; ///< at least, from the end of one to the start of the next
  std::chrono::nanoseconds timeout{std::chrono::minutes{10}}; ///< then one is given up
  std::size_t kept = 3;                                       ///< complete ones
  /// The job goes on from the newest one in the folder; if not, it begins anew. What is committed
  /// stays.
  bool restore = true;
  /// What a new folder begins with: the newest checkpoint of another folder, one of its folders
  /// state/EPOCH-TERM, or a savepoint. It is only read. Empty: nothing.
  std::string restore_from = {};
  /// It may, although the graph has changed: stages that the checkpoint lacks begin anew, and those
  /// that the graph lacks are forgotten, with outputs that they had not yet published.
  bool allow_non_restored_state = false;
  /// How many in a row may fail before the job does, up to 999; none: as many.
  std::optional<std::size_t> tolerated;
};

/// How often a job that has failed is tried again. Each attempt continues from the newest
/// checkpoint, or begins anew if the job makes none.
struct restart_options {
  std::size_t attempts = 0; ///< in a row that complete no checkpoint; 0: the job fails at once
  std::chrono::nanoseconds delay{std::chrono::seconds{1}}; ///< before the first one
  double factor = 1;                                       ///< of the delay, from one to the next
  std::chrono::nanoseconds longest_delay{std::chrono::minutes{1}};
  /// With checkpoints and a dead-letter sink: a record that has brought down its stage so often,
  /// by an exception or by ending its process, becomes a dead letter. At least 2, as records are
  /// noted from the first failure on; 0: none does.
  std::size_t poison_after = 3;
};

/// A file that the program writes beside the job's sinks.
struct named_file {
  std::string name; ///< for errors: "--metrics-out"
  std::string path;
};

/// The error of a job that was aborted.
error stopped_at_once();

/// How a graph is run. What is not said has a sensible value.
struct run_options {
  std::size_t parallelism = 1; ///< of keyed stages that do not say otherwise
  std::size_t workers = 0;     ///< threads for stages; 0: one for each processor
  /// Processes of this program that are started on this host to share the work; 0: it is all done
  /// here. The program must come to run_command() again, as leat::run and leat::program do.
  std::size_t local_workers = 0;
  /// Stages that run on certain nodes only: by stage, the name of a node or a label. Workers on
  /// this host are worker-1, worker-2, ..., and this process is the coordinator.
  std::map<std::string, std::string> pins;
  /// Sources and sinks whose paths lead to the same files on every node.
  std::set<std::string> shared;
  /// Workers on other hosts; set by the command `coordinator` of a program. Null: none.
  std::shared_ptr<worker_source> cluster;
  frame_limits frames;
  credit credit_limit{16, 8192, 256 * 1024}; ///< of each lane
  /// Bytes that what is on its way to a node from all others may take, and likewise what is on its
  /// way from it. Where that is less than the credit of all those lanes, they get less credit and
  /// smaller frames. A frame exceeds its part by less than one record.
  std::size_t node_buffer = 64 * 1024 * 1024;
  /// Bytes that records which are held by windowing stages may take in each process, divided among
  /// their subtasks. What is above goes into files without a name, which end with the process.
  /// Records without declared fields cannot be written: their panes are handed on earlier.
  std::size_t batch_memory = 256 * 1024 * 1024;
  /// Where these files are; empty: $TMPDIR, or /var/tmp.
  std::string batch_folder;
  /// Frames between processes are compressed, by zstd, where that makes them smaller: for slow
  /// links, at the cost of time in the stages at both ends.
  bool compress = false;
  double rate = 0; ///< records/s sources are held to together; 0: unlimited
  std::map<std::string, any_batching> batchings;              ///< by windowing stage
  std::map<std::string, std::chrono::nanoseconds> slow_sinks; ///< trial delay per record, by sink
  dead_letter_sink* dead_letters = nullptr; ///< outlives the job; null: they fail the job
  dead_letter_limit max_dead_letters;
  checkpoint_options checkpoints;
  /// Where keyed state lies that is larger than memory, see state_backend.hpp. Null: in memory.
  std::shared_ptr<state_backend> states;
  restart_options restarts;
  std::vector<named_file> outputs; ///< no sink may write these too
  /// Asked once an attempt, when all stages have ended well, before any output appears: an error
  /// keeps all of them from appearing and fails the attempt. Called in a thread of the job.
  std::function<result<void>(const job_metrics&)> accept;
};

/// The splits of a source with event times.
struct split_metrics {
  std::uint64_t active = 0; ///< others wait for them; held ones included
  std::uint64_t idle = 0;   ///< silent for longer than event_time_by::idle_after
  std::uint64_t finished = 0;
  std::uint64_t held = 0;              ///< by event_time_by::max_drift
  event_time furthest = begin_of_time; ///< how far the one that is ahead of all others has come
};

/// The slowest active split of the sources upstream: the watermark waits for it.
struct slowest_split {
  std::string source;
  std::string split;
  event_time time = begin_of_time;   ///< how far it has come
  std::chrono::nanoseconds since{0}; ///< for how long it has been there
  bool silent = false; ///< it had no record when it was last asked; otherwise it has some
};

/// An input of a stage whose records have event times.
struct input_metrics {
  std::string from;                     ///< the stage that feeds it
  event_time watermark = begin_of_time; ///< promised to all subtasks; begin_of_time: none yet
  std::optional<slowest_split> held_back_by = {}; ///< none if all splits are idle or finished
  event_time furthest = begin_of_time;            ///< of the splits of the sources upstream
};

/// A stage's metrics, summed over its subtasks.
struct stage_metrics {
  std::string name;
  stage_kind kind = {};
  std::uint64_t records_in = 0;
  std::uint64_t records_out = 0;
  std::uint64_t panes = 0;
  std::uint64_t late = 0;
  std::uint64_t held = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t timers_dropped = 0; ///< at the end of the input
  std::uint64_t spilled = 0;        ///< records that did not fit into run_options::batch_memory
  std::string waiting_for = {}; ///< of one subtask that waits for something outside of the graph
  /// At work, or occupied without credit being the reason (a paused actor): on average over its
  /// subtasks, since the start.
  std::chrono::nanoseconds busy{0};
  std::chrono::nanoseconds paused{0}; ///< for how long one of its actors has been paused by now
  std::size_t running = 0;            ///< subtasks whose stream has not ended
  /// That all its subtasks have come to; begin_of_time: none yet, or none is known here.
  event_time watermark = begin_of_time;
  std::vector<input_metrics> inputs = {};   ///< those whose records come with stamps of event time
  std::optional<split_metrics> splits = {}; ///< of a source with event times
};

/// How long a producing subtask of an edge had to wait for credit, on average.
struct edge_metrics {
  std::string from;
  std::string to;
  std::chrono::nanoseconds stalled{0};
};

/// A node's metrics: of its subtasks, and of its process since that began.
struct node_metrics {
  std::string name; ///< of a worker, or "coordinator"
  std::size_t subtasks = 0;
  std::uint64_t records_in = 0; ///< of all its subtasks
  std::uint64_t records_out = 0;
  std::uint64_t dead_letters = 0;
  std::chrono::nanoseconds cpu{0}; ///< processor time
  std::uint64_t memory = 0;        ///< in bytes: the most that was resident; 0 if it is not known
};

/// What a job's checkpoints came to.
struct checkpoint_metrics {
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  epoch last = 0;                   ///< the last complete one; 0: none
  std::uint64_t bytes = 0;          ///< of its states
  std::chrono::nanoseconds took{0}; ///< from its barrier until it was complete
  std::uint64_t most_bytes = 0;     ///< of all complete ones of this attempt
  std::chrono::nanoseconds longest{0};
  std::string last_error = {};
  epoch restored = 0; ///< the one that the attempt went on from; 0: it began anew
  /// What is damaged in each checkpoint that is newer than that. None of them has published.
  std::vector<std::string> passed_over = {};
};

/// A job's metrics at one moment, or at its end.
struct job_metrics {
  std::string name;
  std::chrono::nanoseconds elapsed{0};
  std::vector<stage_metrics> stages;
  std::vector<edge_metrics> edges;
  std::vector<node_metrics> nodes; ///< the coordinator and its workers; empty without workers
  std::uint64_t dead_letters = 0;
  std::optional<checkpoint_metrics> checkpoints; ///< if it makes any
  std::uint64_t restarts = 0;
  std::string last_fault = {}; ///< of the attempt before the present one
  bool has_latency = false;    ///< false without records at sinks, and with batch batching
  clock_time latency_p50 = 0;
  clock_time latency_p99 = 0;
  clock_time latency_max = 0;

  std::uint64_t records() const; ///< read by sources
};

/// A job outlives its attempts: each is made from what the job keeps, and after each the job
/// decides whether it is over. Today the first attempt is the last. Thread-safe. Destroying a job
/// that still runs aborts it and waits.
class job {
public:
  /// Validates, prepares (loads models, checks files) and starts. Errors are told before the first
  /// record is read.
  static result<job> start(graph g, run_options options = {});

  job(job&&) noexcept;
  job& operator=(job&&) noexcept;
  ~job();

  /// Sources stop reading; what was read is completed. No further attempt is made.
  void stop();
  /// Keeps the next checkpoint under a name, in savepoints/NAME of the folder of checkpoints, and
  /// waits until it is complete. Returns that folder, which may be moved: it needs nothing outside
  /// of it. Refused without checkpoints, if there is one of that name, and if the job has ended or
  /// is between two attempts. Not to be called by the job's own stages.
  result<std::string> savepoint(std::string name);
  /// Stops as stop() does, with a savepoint instead of a checkpoint alone, and waits for that. The
  /// job stops even if it cannot be made.
  result<std::string> stop_with_savepoint(std::string name);
  /// Ends at once; sinks do not complete. No further attempt is made.
  void abort();
  /// Swaps the batching of a windowing stage on the running graph, at a barrier. An error as that
  /// of command().
  result<void> set_batching(std::string stage, any_batching batching);
  /// Gives a command to a stage; with an empty name, to each stage that takes the verb. Waits until
  /// all its subtasks are prepared. The command then takes effect at a barrier, after all commands
  /// given before, unless the input ends first. An error (the graph has no such stage, the stage
  /// does not take the verb, a subtask cannot be prepared, the stage or the job has ended) changes
  /// nothing, and the job goes on. A command is for the present attempt; between two attempts it is
  /// refused. Not to be called by the job's own stages, which it waits for.
  result<void> command(std::string stage, std::string verb, std::string payload = {});

  /// True if the job has ended within this time.
  bool wait_for(std::chrono::nanoseconds timeout);
  /// Waits for the end: success, or the first fault.
  result<void> wait();
  /// The metrics of the present attempt, or of the last one; `elapsed` is that of the job.
  job_metrics metrics() const;
  /// True once all stages were opened and sources began to read: what fails later has failed in
  /// mid-run.
  bool began() const;
  /// What was found before the start and is no fault: what killed runs have left behind.
  const std::vector<std::string>& notes() const;

private:
  explicit job(std::unique_ptr<job_runner> runner);
  std::unique_ptr<job_runner> runner_;
};

/// Starts and waits.
result<job_metrics> run(graph g, run_options options = {});

} // namespace leat
