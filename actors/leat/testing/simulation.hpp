// Deterministic simulation of whole graphs: one thread, virtual time, and a seed that chooses the
// actor that runs next. The same seed gives the same run.
#pragma once

#include <leat/job.hpp>

#include <future>

namespace leat::testing {

struct simulation_options {
  run_options run;
  std::uint64_t seed = 1;
  /// The subtasks are as if on several nodes, which the seed chooses: frames between these are
  /// serialised, and promises relayed.
  bool apart = false;
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

  bool over() const;
  std::uint64_t steps() const;
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

} // namespace leat::testing
