// One attempt to run a job: everything that lives from one start of its stages to their end. It is
// made from what the job keeps, and takes nothing of that away.
#pragma once

#include <leat/internal/cluster/cluster.hpp>
#include <leat/internal/runtime/wiring.hpp>

#include <memory>

namespace leat {

/// What a job keeps, and every attempt of it is made from.
struct job_basis {
  const plan& planned; ///< prepared
  const run_options& options;
  const clock& time;
  caf::actor_system& system;
  clock_time started = 0; ///< when the first attempt began
};

/// Whether such a job has nodes besides its own process.
inline bool has_workers(const run_options& o) { return o.local_workers > 0 || o.cluster; }

/// Of one thread, except for what is const.
class attempt {
public:
  /// Makes all stages, and starts the workers that the job asks for. The job's basis outlives the
  /// attempt.
  static result<std::unique_ptr<attempt>> prepare(const job_basis& job, attempt_id which);
  /// Aborts one that still runs, and lets go of all.
  ~attempt();
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;

  /// Starts all actors; once.
  void run();
  std::future<result<void>> give(command c) const;
  void abort() const;
  /// Waits for the end of all actors that run() has started.
  const job_outcome& wait() const;

  /// Waits for the end; then ends the workers and removes what killed ones have left behind. The
  /// metrics remain. Takes no commands any more.
  void let_go();

  /// Its metrics; those of the job's end may be read after let_go(). Thread-safe.
  job_metrics metrics(clock_time now) const;

private:
  attempt(const job_basis& job, attempt_id which);
  result<void> start_workers();

  const job_basis& job_;
  const attempt_id which_;
  wired_job wired_;
  std::unique_ptr<cluster> cluster_; ///< null without workers
  caf::actor coordinator_;
  caf::actor relay_;                        ///< of promises; null without workers
  std::shared_future<job_outcome> outcome_; ///< valid once it runs
  bool gone_ = false;
};

} // namespace leat
