// A deterministic world for whole graphs: one thread, virtual time, and a seed that chooses who
// runs next. The same seed gives the same run.
#pragma once

#include <leat/job.hpp>

#include <future>

namespace leat::testing {

struct simulation_options {
  run_options run;
  std::uint64_t seed = 1;
  bool apart = false; ///< each subtask as if in a process of its own: frames travel as bytes
  std::uint64_t most_steps = 20'000'000; ///< beyond this the graph counts as stuck
};

/// Runs a graph step by step. A step is one message of one subtask, or one timer. Not thread-safe.
class simulation {
public:
  /// Prepares the graph like job::start; a fault of it is returned by run().
  explicit simulation(graph g, simulation_options options = {});
  ~simulation();
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  /// One step. False when the job has ended, or when nothing can happen any more.
  bool step();
  /// Steps until the job has ended. A graph in which nothing can happen before its end is an error:
  /// it is stuck.
  result<job_report> run();

  bool over() const;
  std::uint64_t steps() const;
  /// Virtual time since the start.
  std::chrono::nanoseconds now() const;
  job_report report() const;

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
