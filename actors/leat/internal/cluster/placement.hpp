// Which process of a cluster runs which subtask. A function of plan and size alone, so every node
// comes to the same answer.
#pragma once

#include <leat/detail/plan/plan.hpp>

namespace leat {

/// The node of each subtask, in the order in which subtasks are numbered: stage by stage. Node 0 is
/// the job's own process and runs only what must stand there; 1 .. workers are the others. Subtasks
/// of a stage are spread evenly; a stage of one subtask stands where the records it is fed come
/// from, if that is one place, and else on the next node in turn.
std::vector<std::size_t> place(const plan& p, const resolved_plan& r, std::size_t workers);

/// Which stages have a subtask on this node, by place().
std::vector<bool> stages_on(std::size_t node, const resolved_plan& r,
                            const std::vector<std::size_t>& nodes);

/// A number that two plans share only if they are the same graph, run alike.
std::uint64_t plan_fingerprint(const plan& p, const resolved_plan& r);

} // namespace leat
