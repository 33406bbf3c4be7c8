// A worker process: runs its share of a job, and ends with it.
#pragma once

#include <leat/internal/cluster/heartbeat.hpp>
#include <leat/internal/cluster/join.hpp>
#include <leat/internal/cluster/worker_group.hpp>
#include <leat/job.hpp>

#include <functional>

namespace leat {

/// The place of a worker in its cluster.
struct worker_role {
  std::uint64_t term = 1; ///< of the job's attempt
  std::size_t node = 0;
  std::vector<node_description> nodes; ///< of all workers: worker n is nodes[n - 1]
  /// To each other node, in the order of their numbers: the first one leads to the coordinator.
  std::vector<connection> links;
  bool on_other_hosts = false; ///< they are not all on one
  /// Of a worker on another host, until it is prepared: has the link to the coordinator meanwhile.
  std::unique_ptr<heartbeat> preparing = {};

  /// The connection to a node other than this one.
  connection& link_to(std::size_t other) { return links[other < node ? other : other - 1]; }
};

/// That of a process that was started as a worker.
worker_role role_of(const worker_invitation& order);

/// Tells the coordinator of a worker on another host why it cannot prepare its share. On this host
/// the coordinator sees how a worker ends.
void give_up(worker_role& role, const error& why);

enum class worker_end {
  over,           ///< the job is over, or needs this worker no more
  another_attempt ///< the job has failed and is tried again: the worker is to join anew
};

/// Runs the share of this node; returns when the attempt is over. `tell` hears what killed runs
/// have left behind on this host. The graph and the options are those that the coordinator was
/// given; dead letters go to the coordinator's sink whatever the options say. Faults of the job are
/// told by the coordinator; an error here is one that it cannot know of.
result<worker_end> run_worker(graph g, run_options options, worker_role role,
                              const std::function<void(std::string)>& tell);

} // namespace leat
