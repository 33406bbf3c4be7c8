// One attempt to run a job: everything that lives from one start of its stages to their end. It is
// made from what the job keeps, and takes nothing of that away.
#pragma once

#include <leat/internal/checkpoint/checkpoint_store.hpp>
#include <leat/internal/checkpoint/saved_checkpoint.hpp>
#include <leat/internal/cluster/cluster.hpp>
#include <leat/internal/cluster/dead_letter_desk.hpp>
#include <leat/internal/runtime/state_thread.hpp>
#include <leat/internal/runtime/wiring.hpp>

#include <memory>

namespace leat {

/// What a job keeps, and every attempt of it is made from.
struct job_basis {
  const plan& planned; ///< prepared
  const run_options& options;
  const clock& time;
  caf::actor_system& system;
  file_system& files;     ///< of the checkpoints
  clock_time started = 0; ///< when the first attempt began
};

/// Whether such a job has nodes besides its own process.
inline bool has_workers(const run_options& o) { return o.local_workers > 0 || o.cluster; }

/// The stages that run on this host, if there are others; empty: all.
result<std::vector<bool>> stages_here(const plan& p, const run_options& o);

/// Of one thread, except for what is const.
class attempt {
public:
  /// Makes all stages, and starts the workers that the job asks for. With checkpoints it claims
  /// their folder, and goes on from the newest one. The job's basis outlives the attempt.
  static result<std::unique_ptr<attempt>> prepare(const job_basis& job, attempt_id which);
  /// Aborts one that still runs, and lets go of all.
  ~attempt();
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;

  /// Starts all actors; once.
  void run();
  std::future<result<void>> give(command c) const;
  /// See job::savepoint.
  std::future<result<void>> savepoint(std::string name, bool at_end) const;
  void abort() const;
  /// Waits for the end of all actors that run() has started.
  const job_outcome& wait() const;

  /// Waits for the end; then ends the workers and removes what killed ones have left behind. The
  /// metrics remain. Takes no commands any more. `again`: another attempt is to follow.
  void let_go(bool again = false);

  /// Its metrics; those of the job's end may be read after let_go(). Thread-safe.
  job_metrics metrics(clock_time now) const;

private:
  attempt(const job_basis& job, attempt_id which);
  result<void> claim_checkpoints();
  result<void> find_origin();
  result<void> restore_newest();
  result<void> carry_prepared();
  result<void> go_on_from(const saved_checkpoint& from);
  result<void> start_workers();
  checkpoint_setup checkpoints();
  std::vector<node_metrics> metrics_of_nodes() const;

  const job_basis& job_;
  attempt_id which_;
  const bool is_first_;
  wired_job wired_;
  std::unique_ptr<dead_letter_desk> dead_letters_; ///< of workers; null without
  std::optional<checkpoint_store> store_;          ///< these two: only with checkpoints
  std::unique_ptr<state_thread> states_;
  std::optional<saved_checkpoint> origin_; ///< in another folder, if the job began with one there
  std::string restored_;                   ///< the checkpoint that it goes on from, encoded
  bool stamped_ = false;                   ///< see restore()
  std::shared_ptr<shared_checkpoint_metrics> checkpoint_metrics_ =
      std::make_shared<shared_checkpoint_metrics>();
  std::unique_ptr<cluster> cluster_; ///< null without workers
  caf::actor coordinator_;
  caf::actor relay_;                        ///< of promises; null without workers
  std::shared_future<job_outcome> outcome_; ///< valid once it runs
  bool gone_ = false;

  struct measured_worker {
    std::string name;
    std::shared_ptr<const reported_usage> usage;
  };
  std::vector<measured_worker> workers_; ///< node n is workers_[n - 1]
};

} // namespace leat
