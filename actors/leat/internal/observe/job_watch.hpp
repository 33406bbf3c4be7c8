// Makes events of what a job's metrics show.
#pragma once

#include <leat/internal/observe/job_bus.hpp>

#include <optional>
#include <set>
#include <string_view>

namespace leat {

/// Looks at the metrics now and then, and tells what has changed: that there are dead letters, that
/// checkpoints or attempts have failed, who holds the job up, and who waits for something outside
/// of it. One thread at a time.
class job_watch {
public:
  /// Where dead letters are kept is told with them.
  job_watch(job_bus& bus, std::string dead_letter_file);

  void look(const job_metrics& now);
  /// The job is to stop: from now on it is told what that waits for. `again`: what ends it at once.
  void stopping(std::string_view again) { stop_again_ = again; }

private:
  void look_at_dead_letters(const job_metrics& now);
  void look_at_checkpoints(const job_metrics& now);
  void look_at_restarts(const job_metrics& now);
  void look_at_stalls(const job_metrics& now);
  void look_at_waiting(const job_metrics& now);
  void look_at_pauses(const job_metrics& now);
  void look_at_stop(const job_metrics& now);

  job_bus& bus_;
  std::string dead_letter_file_;
  job_metrics before_;
  std::string stop_again_;                                      ///< empty: the job is not to stop
  std::uint64_t failed_checkpoints_ = 0;                        ///< not told yet
  std::optional<std::chrono::nanoseconds> told_of_checkpoints_; ///< when it was
  bool stop_waits_for_checkpoint_ = false;                      ///< it was told so
  std::string bottleneck_;                                      ///< empty: nobody
  std::set<std::string> waiting_;                               ///< stages told to be waiting
  std::set<std::string> waited_;                                ///< those that ever were
  std::string paused_;                                          ///< the stage told to be paused
  std::string stop_waits_; ///< the stage that the stop was told to wait for
};

} // namespace leat
