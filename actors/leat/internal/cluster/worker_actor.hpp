// Who speaks for a worker: it meets the other nodes, starts the subtasks of this one, and ends when
// the coordinator says so, or is gone.
#pragma once

#include <leat/detail/runtime/strangers.hpp>
#include <leat/internal/cluster/messages.hpp>
#include <leat/internal/cluster/placement.hpp>
#include <leat/internal/runtime/job_actor.hpp>

#include <future>

namespace leat {

/// From this process: the coordinator and the workers before this one have been reached.
struct reached_message {
  caf::actor coordinator;
  std::vector<caf::actor> earlier; ///< workers 1 .. before this one; fewer if one is lost
};

class worker_actor final : public caf::event_based_actor {
public:
  /// `hello`: what is told to the coordinator when all `workers` have met.
  worker_actor(caf::actor_config& config, std::vector<planned_subtask> own, hello_message hello,
               const std::vector<node_description>& workers, dead_letter_sink* dead_letters,
               std::promise<result<void>> end);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void reached(const reached_message& m);
  void greeted(const greet_message& m);
  void meet(std::size_t node, const caf::actor& peer);
  void say_hello();
  spawned_message spawn_all();
  void report_metrics();
  void lost_peer(const caf::actor_addr& peer);
  void abandon();
  void end_with(result<void> how);
  bool is_of_coordinator();

  std::vector<planned_subtask> own_;
  hello_message hello_;
  dead_letter_sink* dead_letters_;
  std::shared_ptr<std::atomic<bool>> failed_ = std::make_shared<std::atomic<bool>>(false);
  bool ended_ = false;
  std::promise<result<void>> end_;
  caf::actor coordinator_;
  std::vector<worker_agent> peers_; ///< worker n is peers_[n - 1]; this one has no actor
  std::size_t missing_;             ///< peers that are not known yet
  std::vector<caf::actor> subtasks_;
  std::vector<std::pair<std::size_t, std::shared_ptr<subtask_metrics>>> metrics_;
  caf::actor job_;
  strangers strangers_;
};

} // namespace leat

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::reached_message)
