// What makes the stages of a plan and the branches behind their outputs. The plan knows no record
// types; who writes a verb of the typed graph implements one of these.
#pragma once

#include <leat/detail/stage/stage.hpp>
#include <leat/detail/transport/branch_end.hpp>
#include <leat/file_use.hpp>

namespace leat {

struct plan_stage;

/// The way from a stage to one of its edges: which of its outputs (0: the main one), then which
/// branch at each fork of fused steps.
using branch_way = std::vector<std::uint32_t>;

/// Makes the logic of the subtasks of one stage. `self` is that stage.
class stage_maker {
public:
  virtual ~stage_maker();
  /// Brings what is needed before the first record (models, files); once a run.
  virtual result<void> prepare(const plan_stage& self);
  /// The files that so many subtasks of a sink write, or those that another stage reads; may be
  /// empty. `self` as above.
  virtual std::vector<file_use> files(const plan_stage& self, std::size_t subtasks) const;
  /// Makes the logic of one subtask.
  virtual std::unique_ptr<stage> make(const plan_stage& self) const = 0;
};

/// Makes a branch for each subtask of the stage that it belongs to.
class branch_maker {
public:
  virtual ~branch_maker();
  virtual std::unique_ptr<branch> make(const plan_stage& self) const = 0;

  branch_way way;
  std::size_t edge = 0; ///< of the plan; unless it leads to a fork
};

/// All branches of one output of a stage, or of a fork behind it.
struct plan_output {
  std::size_t stage = 0; ///< in whose actor they run
  branch_way way;
  std::vector<std::unique_ptr<const branch_maker>> branches;

  /// The way of the branch that is added next.
  branch_way next_way() const;
  fanout make(const plan_stage& self) const;
};

/// A branch that ends in a fork.
class fork_maker : public branch_maker {
public:
  std::shared_ptr<plan_output> fork;
};

} // namespace leat
