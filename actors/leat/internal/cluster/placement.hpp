// Which node of a cluster runs which subtask. A function of the plan, the nodes and the rules
// alone, so every node comes to the same answer.
#pragma once

#include <leat/job.hpp>

namespace leat {

/// The name of node 0, the process that was started by the user.
inline constexpr std::string_view coordinator_name = "coordinator";

/// A worker, as its placement knows it. Names differ, and none is the coordinator's.
struct node_description {
  std::string name;
  std::size_t slots =
      1; ///< its weight, at least 1: with twice the slots it gets twice the subtasks
  std::vector<std::string> labels;
};

/// What the user says about the places of stages.
struct placement_rules {
  std::map<std::string, std::string> pins; ///< by stage: the name of a node, or a label of some
  bool other_hosts = false;                ///< a path of this host may lead nowhere on a node
  std::set<std::string> shared;            ///< stages whose paths all nodes have
};

/// The node of each subtask, in the order in which subtasks are numbered: stage by stage. Node 0 is
/// the coordinator, node n is nodes[n - 1].
///
/// The coordinator runs only what must stand there: what needs its process, sources and sinks with
/// paths that other hosts do not have, what is pinned to it; and everything if there are no nodes.
/// Subtasks of other stages are spread in proportion to slots, over the nodes that the pin allows.
/// Subtasks that are fed one by one stand with their feeders, unless they are pinned or their
/// feeders had to stand at the coordinator. Of the other stages of one subtask each goes to the
/// next node in turn. Subtasks that write one shared file stand together.
///
/// User errors: a rule for a stage that is not there, a pin to a node that is not there, or away
/// from where the stage must stand.
result<std::vector<std::size_t>> place(const plan& p, const resolved_plan& r,
                                       const std::vector<node_description>& nodes,
                                       const placement_rules& rules);

/// The files of a source or a sink; empty for other stages. Models are read by every node.
std::vector<file_use> paths_of(const plan_stage& stage, std::size_t subtasks);

/// Whether the stage must stand at the coordinator, since other nodes may not have its paths.
bool has_local_path(const plan_stage& stage, const placement_rules& rules);

/// The workers of a cluster on one host: worker-1, worker-2, ... with one slot each.
std::vector<node_description> local_nodes(std::size_t count);

/// Which stages have a subtask on this node, by place().
std::vector<bool> stages_on(std::size_t node, const resolved_plan& r,
                            const std::vector<std::size_t>& nodes);

/// Which stages have a subtask at the coordinator, whatever workers on other hosts there will be.
result<std::vector<bool>> stages_at_coordinator(const plan& p, const resolved_plan& r,
                                                const placement_rules& rules);

/// The graph and where it runs, a line for each stage, edge, and path that several nodes use: two
/// nodes have the same text only if they run the same graph alike, on the same list of files.
std::string plan_text(const plan& p, const resolved_plan& r, const std::vector<std::size_t>& nodes);

/// Where another node's text first differs from one's own, as the end of a sentence; empty if it
/// does not.
std::string first_difference(std::string_view own, std::string_view other);

} // namespace leat
