// A cluster on one host: the coordinator starts processes of its own program as workers, and gives
// each its share of the subtasks.
#pragma once

#include <leat/internal/cluster/messages.hpp>
#include <leat/internal/cluster/worker_processes.hpp>
#include <leat/internal/runtime/job_actor.hpp>

namespace leat {

/// Owned by an attempt, in the job's process. Not thread-safe. Its end is the workers' end.
class local_cluster {
public:
  /// Starts the workers of an attempt and waits until all have joined, were found to run the same
  /// graph, and reach each other.
  static result<std::unique_ptr<local_cluster>>
  start(caf::actor_system& system, std::size_t workers, std::uint64_t term, std::string_view plan);
  ~local_cluster();
  local_cluster(const local_cluster&) = delete;
  local_cluster& operator=(const local_cluster&) = delete;

  /// Has the workers start their subtasks, and notes in the plan how each is reached.
  result<void> spawn(std::vector<planned_subtask>& subtasks);

  /// Who speaks for each worker.
  std::vector<caf::actor> agents() const;

  /// From now on the workers tell this actor their metrics.
  void observe(const caf::actor& job);

private:
  struct worker {
    caf::actor agent;
    bool answered = false; ///< the last question
  };

  local_cluster(caf::actor_system& system, std::size_t workers, std::uint64_t term)
      : self_(system), term_(term), workers_(workers) {}

  result<void> start_processes();
  result<void> welcome(std::string_view plan);
  result<void> admit(const hello_message& m, std::string_view plan);
  template <class Message, class Handler>
  result<void> hear_all(Handler handle);
  result<void> all_alive();
  result<void> lost(const caf::down_msg& m);
  void notice_lost();
  worker* sender(std::size_t node);

  caf::scoped_actor self_;
  const std::uint64_t term_;
  std::vector<worker> workers_; ///< node n is workers_[n - 1]
  worker_processes processes_;
};

} // namespace leat
