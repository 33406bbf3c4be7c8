// Who speaks for a worker: it meets the other nodes, starts the subtasks of this one, and ends when
// the coordinator says so, or is gone.
#pragma once

#include <leat/detail/runtime/strangers.hpp>
#include <leat/internal/cluster/dead_letter_post.hpp>
#include <leat/internal/cluster/messages.hpp>
#include <leat/internal/cluster/metrics_reports.hpp>
#include <leat/internal/cluster/placement.hpp>
#include <leat/internal/cluster/worker.hpp>
#include <leat/internal/runtime/job_actor.hpp>
#include <leat/internal/runtime/progress_relay.hpp>
#include <leat/internal/runtime/restoring.hpp>

#include <future>

namespace leat {

/// From this process: the coordinator and the workers before this one have been reached.
struct reached_message {
  caf::actor coordinator;
  std::vector<caf::actor> earlier; ///< workers 1 .. before this one; fewer if one is lost
};

/// Where a worker finds the checkpoints of a job. What is pointed to outlives the worker's actor.
struct checkpoint_access {
  file_system* files = nullptr;
  std::string folder; ///< empty: the job makes none
};

/// What a worker has of a job.
struct worker_share {
  std::vector<planned_subtask> subtasks;
  std::vector<relayed_table> relayed;
  hello_message hello;                      ///< for the coordinator, once all workers have met
  std::vector<node_description> workers;    ///< worker n is workers[n - 1]
  dead_letter_post* dead_letters = nullptr; ///< outlives it
  std::shared_ptr<metrics_reports> reports; ///< begin when the job wants them
  checkpoint_access checkpoints;
};

class worker_actor final : public caf::event_based_actor {
public:
  worker_actor(caf::actor_config& config, worker_share share, std::promise<result<worker_end>> end);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void reached(const reached_message& m);
  void greeted(const greet_message& m);
  void meet(std::size_t node, const caf::actor& peer);
  void say_hello();
  result<void> restore_from(const spawn_message& m);
  spawned_message spawn_all(const caf::actor& dead_letters);
  void lost_peer(const caf::actor_addr& peer);
  void abandon();
  void end_with(result<worker_end> how);
  bool is_of_coordinator();

  worker_share share_;
  std::shared_ptr<std::atomic<bool>> failed_ = std::make_shared<std::atomic<bool>>(false);
  bool ended_ = false;
  std::promise<result<worker_end>> end_;
  caf::actor coordinator_;
  std::vector<worker_agent> peers_; ///< worker n is peers_[n - 1]; this one has no actor
  std::size_t missing_;             ///< peers that are not known yet
  std::vector<caf::actor> subtasks_;
  metrics_reports::measured metrics_; ///< until they are reported
  caf::actor job_;
  caf::actor relay_;
  strangers strangers_;
};

} // namespace leat

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::reached_message)
