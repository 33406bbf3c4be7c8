#include <leat/internal/runtime/batch_shares.hpp>

#include <algorithm>

namespace leat {

void share_batch_memory(wired_job& w, const plan& p, const run_options& options) {
  std::map<std::size_t, std::vector<std::size_t>> holders; // subtasks, by node
  for (std::size_t n = 0; n < w.subtasks.size(); ++n)
    if (p.stages[w.stage_of[n]].batching)
      holders[w.node_of.empty() ? 0 : w.node_of[n]].push_back(n);
  for (const auto& [node, subtasks] : holders)
    for (const std::size_t n : subtasks)
      w.subtasks[n].blueprint.settings.services.batch_memory =
          std::max<std::size_t>(options.batch_memory / subtasks.size(), 1);
}

} // namespace leat
