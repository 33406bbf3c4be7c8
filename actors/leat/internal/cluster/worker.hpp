// A worker process: joins the coordinator that started it, runs its share of the job, and ends with
// it.
#pragma once

#include <leat/internal/cluster/join.hpp>
#include <leat/job.hpp>

namespace leat {

/// Runs the share of this node; returns when the job is over. The graph and the options are those
/// that the coordinator was given. Faults of the job are told by the coordinator; an error here is
/// one that it cannot know of.
result<void> run_worker(graph g, const run_options& options, const worker_invitation& order);

} // namespace leat
