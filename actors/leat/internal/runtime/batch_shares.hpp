// How much memory each windowing stage has for what it holds.
#pragma once

#include <leat/internal/runtime/wiring.hpp>

namespace leat {

/// Divides options.batch_memory among the subtasks of windowing stages, on each node by itself.
void share_batch_memory(wired_job& w, const plan& p, const run_options& options);

} // namespace leat
