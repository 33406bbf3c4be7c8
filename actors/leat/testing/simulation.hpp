// Deterministic simulation of whole graphs: one thread, virtual time, and a seed that chooses the
// actor that runs next. The same seed gives the same run.
#pragma once

#include <leat/job.hpp>

#include <functional>
#include <future>
#include <map>

namespace leat::testing {

/// What outlives the process of a job: the folder of its checkpoints, on a disk that a power
/// failure makes lose or tear what was not synced. Serves one simulation after the other, or
/// several in turns: these are processes on different hosts, of which the last one to start fences
/// the others. Not thread-safe.
class simulated_disk {
public:
  /// `files` are on it from the start, by path: what files() of another one returned, perhaps
  /// damaged.
  explicit simulated_disk(std::uint64_t seed, const std::map<std::string, std::string>& files = {});
  ~simulated_disk();
  simulated_disk(const simulated_disk&) = delete;
  simulated_disk& operator=(const simulated_disk&) = delete;

  /// The simulation that uses the disk next, or now, stops at this operation, counted from now,
  /// before or after it takes effect, as the seed chooses.
  void stop_at(std::uint64_t operation);
  /// In that simulation this operation reports an error, and takes effect or not.
  void fail_at(std::uint64_t operation);
  /// Operations so far, by all simulations.
  std::uint64_t operations() const;
  /// The last one: a verb and a path.
  const std::string& last_operation() const;
  /// The content of each file, by path, as processes see it.
  std::map<std::string, std::string> files() const;

private:
  friend class simulation;
  struct impl;
  std::unique_ptr<impl> impl_;
};

struct simulation_options {
  run_options run;
  std::uint64_t seed = 1;
  /// The subtasks are as if on several nodes, which the seed chooses: frames between these are
  /// serialised, and promises relayed.
  bool apart = false;
  /// With a disk the job makes checkpoints there, by the options of the run but for the folder, and
  /// goes on from the newest one. Outlives the simulation.
  simulated_disk* disk = nullptr;
  std::uint64_t most_steps = 20'000'000; ///< after these steps run() returns an error
};

/// Runs a graph step by step. A step is one message of one subtask, or one timer. Not thread-safe.
class simulation {
public:
  /// Prepares the graph like job::start; run() returns an error of that.
  explicit simulation(graph g, simulation_options options = {});
  ~simulation();
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  /// One step. False when the job has ended, or is deadlocked.
  bool step();
  /// Steps until the job has ended. A deadlock is an error.
  result<job_metrics> run();

  /// The process of the job ends here, and the power of its disk fails. Whatever follows goes into
  /// another simulation.
  void crash();
  /// True if the process has stopped at an operation of its disk: crash() comes next.
  bool stopped() const;

  bool over() const;
  std::uint64_t steps() const;
  /// Of the order of events so far: equal numbers are, in all likelihood, equal orders.
  std::uint64_t order() const;
  /// Virtual time since the start.
  std::chrono::nanoseconds now() const;
  job_metrics metrics() const;

  // As those of a job.
  void stop();
  void abort();
  /// Throws leat::failure if the graph has no windowing stage of this name.
  void set_batching(std::string stage, any_batching batching);
  /// The result is there when the steps after this one have prepared the stage, or the job is over.
  std::future<result<void>> command(std::string stage, std::string verb, std::string payload = {});

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Runs a job whose process crashes so many times, at steps or at operations of its disk that the
/// seed chooses, and continues from its newest checkpoint each time. `make` returns the graph for a
/// process; the ends of all of them share their inputs and outputs. Returns the metrics of the last
/// process, or its error.
result<job_metrics> run_with_crashes(const std::function<graph()>& make, simulation_options options,
                                     unsigned crashes);

} // namespace leat::testing
