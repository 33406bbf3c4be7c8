// Which subtasks run on which node, for people and programs.
#pragma once

#include <leat/internal/cluster/placement.hpp>

namespace leat {

/// The subtasks of one stage on one node.
struct stage_part {
  std::size_t stage = 0;
  std::vector<std::size_t> subtasks;
};

/// A graph with the node of each subtask. It refers to the plan.
struct placed_plan {
  /// Errors are those of place().
  static result<placed_plan> of(const plan& p, std::size_t parallelism,
                                const std::vector<node_description>& workers,
                                const placement_rules& rules);

  /// The stages with a subtask on this node.
  std::vector<stage_part> parts_of(std::size_t node) const;
  /// The names of the nodes that a stage has subtasks on.
  std::vector<std::string> nodes_of(std::size_t stage) const;

  const plan& planned;
  resolved_plan resolved;
  std::vector<node_description> nodes; ///< the coordinator, with no slots, and the workers
  placement_rules rules;
  std::vector<std::vector<std::size_t>> node_of; ///< by stage and subtask
};

/// A line a node, and one for each source and sink with a path.
std::string placement_text(const placed_plan& w);
/// A Mermaid flowchart with a subgraph for each node.
std::string placement_mermaid(const placed_plan& w);
/// For programs: docs/reference/command-line.md has the schema.
std::string placement_json(const placed_plan& w);

} // namespace leat
