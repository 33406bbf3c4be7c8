// The metrics of a worker's subtasks, reported by a thread that no stage can hold up: that it
// reports is how the job knows that the worker is alive.
#pragma once

#include <leat/detail/runtime/messages.hpp>
#include <leat/detail/runtime/subtask.hpp>

#include <mutex>

namespace leat {

/// Thread-safe.
class metrics_reports {
public:
  using measured = std::vector<std::pair<std::size_t, std::shared_ptr<subtask_metrics>>>;

  /// Until there are metrics to report, the coordinator hears that this worker lives.
  void meet(const caf::actor& coordinator);
  /// From now on these go to the job.
  void begin(const caf::actor& job, measured all);
  /// Nothing is sent any more.
  void end();
  /// Sends one report, or sign of life, if it is time for any, in the name of the worker's actor.
  void send(const caf::actor& worker);

private:
  std::mutex mutex_;
  caf::actor coordinator_;
  caf::actor job_;
  measured all_; ///< by number within the job
};

} // namespace leat
