// A job from its start to its end. It outlives its attempts: it keeps what they are made from, runs
// one after the other, and decides after each whether it is over.
#pragma once

#include <leat/internal/checkpoint/posix_files.hpp>
#include <leat/internal/job/attempt.hpp>
#include <leat/internal/runtime/system.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace leat {

/// Asked after each attempt that has failed, with its term, in a thread of the job: how long to
/// wait before the next one; nothing if none is to follow.
using restart_policy = std::function<std::optional<std::chrono::nanoseconds>(
    std::uint64_t term, const job_outcome& how)>;

/// Null if the first attempt is the last.
restart_policy policy_of(const restart_options& options);

/// Thread-safe.
class job_runner {
public:
  /// As job::start. `restarts`: in place of what the options say, if it is not null.
  static result<std::unique_ptr<job_runner>> start(graph g, run_options options,
                                                   restart_policy restarts = {});
  /// Aborts a job that still runs, and waits.
  ~job_runner();
  job_runner(const job_runner&) = delete;
  job_runner& operator=(const job_runner&) = delete;

  /// Gives a command to the present attempt, for that one alone; refused between two attempts.
  /// After one that stops the whole job no attempt follows.
  std::future<result<void>> give(command c);
  /// Asks the present attempt for a savepoint; refused between two attempts. `stop`: the job ends
  /// with it, and the future is ready after the last output has been published.
  std::future<result<void>> savepoint(std::string name, bool stop);
  /// Aborts the present attempt; none follows.
  void abort();

  bool wait_for(std::chrono::nanoseconds timeout);
  result<void> wait();
  const run_options& options() const { return options_; }
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
  result<std::unique_ptr<attempt>> prepare_first();
  void attend();
  bool is_over(const job_outcome& how);
  void wait_before_next();
  void restart_no_more();
  job_outcome try_again(const job_outcome& before);
  result<std::unique_ptr<attempt>> prepare_next(epoch after);

  graph graph_;
  const run_options options_;
  const restart_policy restarts_;
  const steady_clock time_;
  posix_files files_;
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
  std::chrono::nanoseconds delay_{0}; ///< before the next attempt
  std::uint64_t retries_ = 0;
  std::string last_fault_;
  clock_time finished_ = 0;
  std::optional<error> fault_;
  std::shared_ptr<attempt> present_; ///< while none runs, the last one

  std::thread attending_;
};

} // namespace leat
