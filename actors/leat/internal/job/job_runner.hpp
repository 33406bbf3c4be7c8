// A job from its start to its end. It outlives its attempts: it keeps what they are made from, runs
// one after the other, and decides after each whether it is over.
#pragma once

#include <leat/internal/job/attempt.hpp>
#include <leat/internal/runtime/system.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace leat {

/// Asked after an attempt that has failed, with its term: true if another one is to follow it.
/// Called in a thread of the job.
using restart_policy = std::function<bool(std::uint64_t term, const job_outcome& how)>;

/// Thread-safe.
class job_runner {
public:
  /// As job::start. `restarts`: null if the first attempt is the last.
  static result<std::unique_ptr<job_runner>> start(graph g, run_options options,
                                                   restart_policy restarts = {});
  /// Aborts a job that still runs, and waits.
  ~job_runner();
  job_runner(const job_runner&) = delete;
  job_runner& operator=(const job_runner&) = delete;

  /// Gives a command to the present attempt, for that one alone; refused between two attempts.
  /// After one that stops the whole job no attempt follows.
  std::future<result<void>> give(command c);
  /// Aborts the present attempt; none follows.
  void abort();

  bool wait_for(std::chrono::nanoseconds timeout);
  result<void> wait();
  /// The metrics of the present attempt, or of the last one.
  job_metrics metrics() const;
  /// True once an attempt has begun to read.
  bool began() const;
  const std::vector<std::string>& notes() const { return notes_; }

private:
  enum class phase { running, between_attempts, over };

  job_runner(graph g, run_options options, restart_policy restarts, caf::actor_system* users);
  caf::actor_system_config& configured();
  result<void> start_first();
  void attend();
  bool is_over(const job_outcome& how);
  job_outcome try_again(const job_outcome& before);
  result<std::unique_ptr<attempt>> prepare_next(epoch after);

  graph graph_;
  const run_options options_;
  const restart_policy restarts_;
  const steady_clock time_;
  std::vector<std::string> notes_;
  caf::actor_system_config config_;
  std::optional<caf::actor_system> own_system_;
  job_basis basis_;
  std::uint64_t term_ = 1; ///< the last one that was used

  mutable std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  phase phase_ = phase::running;
  bool may_restart_ = true; ///< nobody has stopped or aborted the job
  bool began_ = false;
  clock_time finished_ = 0;
  std::optional<error> fault_;
  std::shared_ptr<attempt> present_; ///< while none runs, the last one

  std::thread attending_;
};

} // namespace leat
