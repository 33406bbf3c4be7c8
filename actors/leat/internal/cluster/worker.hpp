// A worker process: runs its share of a job, and ends with it.
#pragma once

#include <leat/internal/cluster/join.hpp>
#include <leat/internal/cluster/worker_group.hpp>
#include <leat/job.hpp>

namespace leat {

/// The place of a worker in its cluster.
struct worker_role {
  std::uint64_t term = 1; ///< of the job's attempt
  std::size_t node = 0;
  std::vector<node_description> nodes; ///< of all workers: worker n is nodes[n - 1]
  /// To each other node, in the order of their numbers: the first one leads to the coordinator.
  std::vector<connection> links;
  bool on_other_hosts = false; ///< they are not all on one

  /// The connection to a node other than this one.
  connection& link_to(std::size_t other) { return links[other < node ? other : other - 1]; }
};

/// That of a process that was started as a worker.
worker_role role_of(const worker_invitation& order);

/// Runs the share of this node; returns when the job is over. The graph and the options are those
/// that the coordinator was given. Faults of the job are told by the coordinator; an error here is
/// one that it cannot know of.
result<void> run_worker(graph g, const run_options& options, worker_role role);

} // namespace leat
