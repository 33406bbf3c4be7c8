// How often a record counts, in a job with checkpoints, when its processes crash.
#pragma once

#include <leat/detail/plan/plan.hpp>

namespace leat {

enum class guarantee { at_most_once, at_least_once, exactly_once };

/// "exactly once".
std::string_view text_of(guarantee g);

/// Of a source or a sink, or of a stage that does not save all it knows.
struct stage_guarantee {
  std::string stage;
  std::optional<leat::guarantee> level; ///< of a source or a sink
  std::string why;
};

/// In the order of the plan.
std::vector<stage_guarantee> guarantees(const plan& p);

/// "alerts: exactly once, as its records appear with their checkpoint".
std::string text_of(const stage_guarantee& g);

} // namespace leat
