// A cluster, as its coordinator has it: gives each worker its share of the subtasks.
#pragma once

#include <leat/internal/cluster/messages.hpp>
#include <leat/internal/cluster/worker_group.hpp>
#include <leat/internal/runtime/job_actor.hpp>

namespace leat {

/// Owned by an attempt, in the job's process. Not thread-safe. Its end is the workers' end.
class cluster {
public:
  /// Waits until all workers have built the graph, were found to have built the same one, and reach
  /// each other.
  static result<std::unique_ptr<cluster>> form(caf::actor_system& system,
                                               std::unique_ptr<worker_group> workers,
                                               std::uint64_t term, std::string_view plan);
  ~cluster();
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  /// Has the workers start their subtasks as this says, notes in the plan how each is reached, and
  /// connects the relays of all nodes with this one's.
  result<void> spawn(std::vector<planned_subtask>& subtasks, const caf::actor& relay,
                     const spawn_message& order);

  bool on_other_hosts() const { return group_->on_other_hosts(); }
  /// See worker_group.
  std::vector<std::size_t> silent_workers() { return group_->silent(); }

  /// Who speaks for each worker.
  std::vector<worker_agent> agents() const;

  /// From now on the workers tell this actor their metrics.
  void observe(const caf::actor& job);

  /// The workers are to come again when they are asked to leave.
  void expect_again() { again_ = true; }

private:
  struct worker {
    caf::actor agent;
    bool answered = false; ///< the last question
    std::shared_ptr<reported_usage> usage = std::make_shared<reported_usage>();
  };

  cluster(caf::actor_system& system, std::unique_ptr<worker_group> group, std::uint64_t term)
      : self_(system), term_(term), group_(std::move(group)), workers_(group_->nodes().size()) {}

  result<void> welcome(std::string_view plan);
  result<void> admit(const hello_message& m, std::string_view plan);
  template <class Message, class Handler>
  result<void> hear_all(Handler handle);
  result<void> all_alive();
  result<void> lost(const caf::down_msg& m);
  void notice_lost();
  worker* sender(std::size_t node);
  const std::string& name_of(std::size_t node) const { return group_->nodes()[node - 1].name; }

  caf::scoped_actor self_;
  const std::uint64_t term_;
  bool again_ = false;
  const std::unique_ptr<worker_group> group_;
  std::vector<worker> workers_; ///< node n is workers_[n - 1]
};

} // namespace leat
