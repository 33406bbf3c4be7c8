#include <leat/internal/cluster/placement.hpp>

#include <leat/detail/record/key.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

// The only stage that feeds this one, if it does so subtask by subtask.
std::optional<std::size_t> only_feeder(const plan& p, std::size_t stage) {
  std::optional<std::size_t> feeder;
  for (const plan_edge& e : p.edges) {
    if (e.to != stage)
      continue;
    if (feeder || e.route != routing::forward)
      return {};
    feeder = e.from;
  }
  return feeder;
}

} // namespace

std::vector<std::size_t> place(const plan& p, const resolved_plan& r, std::size_t workers) {
  std::vector<std::size_t> nodes; // by subtask
  std::vector<std::size_t> first; // subtask, by stage
  std::size_t turn = 0;
  for (std::size_t s = 0; s < p.stages.size(); ++s) {
    const std::size_t count = r.stages[s].parallelism;
    first.push_back(nodes.size());
    const auto feeder = only_feeder(p, s);
    for (std::size_t i = 0; i < count; ++i) {
      if (p.stages[s].at_coordinator)
        nodes.push_back(0);
      else if (count > 1)
        nodes.push_back(1 + i * workers / count);
      else if (feeder && r.stages[*feeder].parallelism == 1 && !p.stages[*feeder].at_coordinator)
        nodes.push_back(nodes[first[*feeder]]);
      else
        nodes.push_back(1 + turn++ % workers);
    }
  }
  return nodes;
}

std::vector<bool> stages_on(std::size_t node, const resolved_plan& r,
                            const std::vector<std::size_t>& nodes) {
  std::vector<bool> found;
  auto subtask = nodes.begin();
  for (const auto& stage : r.stages) {
    const auto end = subtask + static_cast<std::ptrdiff_t>(stage.parallelism);
    found.push_back(std::find(subtask, end, node) != end);
    subtask = end;
  }
  return found;
}

std::uint64_t plan_fingerprint(const plan& p, const resolved_plan& r) {
  std::string text = p.name;
  for (std::size_t s = 0; s < p.stages.size(); ++s)
    text += fmt::format("\n{} {} {} {} {} {}", p.stages[s].name, p.stages[s].kind.name,
                        r.stages[s].parallelism, r.stages[s].ordered, p.stages[s].at_coordinator,
                        p.stages[s].batching ? p.stages[s].batching->text() : "");
  for (const plan_edge& e : p.edges)
    text += fmt::format("\n{} {} {} {} {:x} {}", e.from, e.to, int(e.route), e.type,
                        e.codec ? e.codec->fingerprint() : 0, fmt::join(e.steps, ","));
  return key_hash(text);
}

} // namespace leat
