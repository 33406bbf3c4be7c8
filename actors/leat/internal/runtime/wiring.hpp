// From a plan to subtasks: how many there are, who feeds whom, by which channel.
#pragma once

#include <leat/internal/runtime/job_actor.hpp>
#include <leat/internal/runtime/progress_relay.hpp>
#include <leat/job.hpp>

namespace leat {

/// Subtasks of a stage that read the promises of the same producers.
struct promise_group {
  std::size_t first = 0;                                      ///< subtask, ...
  std::size_t count = 0;                                      ///< ... and how many
  std::vector<std::pair<std::size_t, std::size_t>> producers; ///< subtask and port
};

/// The subtasks of a job, and where each measures.
struct wired_job {
  resolved_plan resolved;
  std::vector<planned_subtask> subtasks;
  std::vector<std::shared_ptr<subtask_metrics>> metrics; ///< by subtask
  std::vector<std::size_t> stage_of;                     ///< by subtask
  std::vector<std::size_t> node_of;                      ///< by subtask; empty without workers
  std::vector<std::vector<std::size_t>> edge_of;         ///< by subtask and port
  std::vector<promise_group> groups;
  std::vector<std::vector<std::size_t>> aligned; ///< subtasks of sources that are kept together
  std::map<std::size_t, std::vector<relayed_table>> relayed; ///< by node
};

/// Applies the options to the plan, compares the files of its ends and prepares its stages. All
/// faults at once, as one error. `wanted`: the stages that run on this host; all of them if it is
/// empty.
result<void> prepare(plan& p, const run_options& options, const std::vector<bool>& wanted = {});

/// The actor system that the plan's own actors ask for; null if they ask for none. An error if they
/// ask for several.
result<caf::actor_system*> system_of(const plan& p);

/// Stands in where a run keeps no dead letters: what cannot be processed fails the job.
dead_letter_sink& no_dead_letters();

/// Makes all stages and says how they are connected. `threads`: blocking stages get their own.
wired_job wire_up(const plan& p, const run_options& options, const clock& time, bool threads);

/// Says on which node each subtask runs, what may be on its way between nodes, and where promises
/// stand on the node `own`; on all nodes if there is none. An error names an edge that leads to
/// another node with records that cannot travel.
result<void> assign_nodes(const plan& p, const run_options& options, wired_job& w,
                          const std::vector<std::size_t>& nodes,
                          std::optional<std::size_t> own = {});

/// What subtasks keep beside their states, until a checkpoint is complete.
struct subtask_folders {
  std::string outputs; ///< what sinks have prepared, if it is much; empty: that is in memory
  std::string letters; ///< the same of dead letters
  std::string poison;  ///< what each one fails at; empty: nothing of that is kept
};

/// Has all subtasks save their states at barriers, and keep the rest in these folders. With
/// `poison_after`, records that bring down a subtask so often become dead letters.
void keep_states(wired_job& w, const state_keeper& keeper, const subtask_folders& folders,
                 std::size_t poison_after);

/// The metrics of all subtasks at this moment.
job_metrics metrics_of(const wired_job& w, const plan& p, clock_time now);

} // namespace leat
