#include <leat/internal/cli/describe_placement.hpp>

#include <leat/json.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

std::string json_text(std::string_view text) {
  std::string quoted;
  append_json_text(quoted, text);
  return quoted;
}

std::string json_list(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts)
    quoted.push_back(json_text(text));
  return fmt::format("[{}]", fmt::join(quoted, ","));
}

// "0-3,6": stretches of numbers that ascend.
std::string ranges_of(const std::vector<std::size_t>& numbers) {
  std::string text;
  for (std::size_t first = 0, last = 0; first < numbers.size(); first = ++last) {
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1)
      ++last;
    text += fmt::format("{}{}", first == 0 ? "" : ",", numbers[first]);
    if (last > first)
      text += fmt::format("-{}", numbers[last]);
  }
  return text;
}

// "risk[0-3]".
std::string text_of(const stage_part& part, const plan& p) {
  return fmt::format("{}[{}]", p.stages[part.stage].name, ranges_of(part.subtasks));
}

// "4 slots, gpu"; empty for the coordinator.
std::string text_of(const node_description& n) {
  if (n.slots == 0)
    return {};
  return fmt::format("{} slot{}{}{}", n.slots, n.slots == 1 ? "" : "s",
                     n.labels.empty() ? "" : ", ", fmt::join(n.labels, ", "));
}

// Why a stage with a path runs where it does, and how to have it run elsewhere.
std::string reason_for(const placed_plan& w, std::size_t s) {
  const plan_stage& stage = w.planned.stages[s];
  if (stage.at_coordinator)
    return "it uses the process that was started";
  if (has_local_path(stage, w.rules))
    return fmt::format("its path is local; --shared {} if every node has it", stage.name);
  const std::size_t count = w.resolved.stages[s].parallelism;
  const auto files = paths_of(stage, count);
  const bool own_files = stage.kind.is_sink && !files.empty() &&
                         (files.size() > 1 || (count > 1 && files.front().folder));
  return fmt::format("{}{}",
                     w.rules.other_hosts ? "its path is shared" : "all nodes are on this host",
                     own_files ? ", each subtask writes its own file" : "");
}

std::vector<std::size_t> stages_with_paths(const placed_plan& w) {
  std::vector<std::size_t> all;
  for (std::size_t s = 0; s < w.planned.stages.size(); ++s)
    if (!paths_of(w.planned.stages[s], 1).empty())
      all.push_back(s);
  return all;
}

// The pairs of nodes between which records of an edge travel.
std::set<std::pair<std::size_t, std::size_t>> ways_of(const placed_plan& w, const plan_edge& e) {
  const auto& from = w.node_of[e.from];
  const auto& to = w.node_of[e.to];
  std::set<std::pair<std::size_t, std::size_t>> ways;
  for (std::size_t i = 0; i < from.size(); ++i)
    for (std::size_t j = 0; j < to.size(); ++j)
      if (e.route != routing::forward || to.size() == 1 || i == j)
        ways.emplace(from[i], to[j]);
  return ways;
}

} // namespace

result<placed_plan> placed_plan::of(const plan& p, std::size_t parallelism,
                                    const std::vector<node_description>& workers,
                                    const placement_rules& rules) {
  placed_plan w{p, p.resolve(parallelism), {{std::string(coordinator_name), 0, {}}}, rules, {}};
  w.nodes.insert(w.nodes.end(), workers.begin(), workers.end());
  const auto places = place(p, w.resolved, workers, rules);
  if (!places)
    return places.error();
  for (auto at = places->begin(); const auto& stage : w.resolved.stages) {
    const auto end = at + static_cast<std::ptrdiff_t>(stage.parallelism);
    w.node_of.emplace_back(at, end);
    at = end;
  }
  return w;
}

std::vector<stage_part> placed_plan::parts_of(std::size_t node) const {
  std::vector<stage_part> parts;
  for (std::size_t s = 0; s < node_of.size(); ++s) {
    stage_part part{s, {}};
    for (std::size_t i = 0; i < node_of[s].size(); ++i)
      if (node_of[s][i] == node)
        part.subtasks.push_back(i);
    if (!part.subtasks.empty())
      parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<std::string> placed_plan::nodes_of(std::size_t stage) const {
  std::vector<std::string> names;
  for (const std::size_t n : std::set(node_of[stage].begin(), node_of[stage].end()))
    names.push_back(nodes[n].name);
  return names;
}

std::string placement_text(const placed_plan& w) {
  std::string text = fmt::format("placement of {}\n", w.planned.name);
  for (std::size_t n = 0; n < w.nodes.size(); ++n) {
    std::vector<std::string> parts;
    for (const stage_part& part : w.parts_of(n))
      parts.push_back(text_of(part, w.planned));
    const std::string about = text_of(w.nodes[n]);
    text += fmt::format("  {}{}: {}\n", w.nodes[n].name,
                        about.empty() ? "" : fmt::format(" ({})", about),
                        parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, ", ")));
  }
  for (const std::size_t s : stages_with_paths(w))
    text += fmt::format("{}: on {}, {}\n", w.planned.stages[s].name, fmt::join(w.nodes_of(s), ", "),
                        reason_for(w, s));
  return text;
}

std::string placement_mermaid(const placed_plan& w) {
  std::string text = "flowchart LR\n";
  for (std::size_t n = 0; n < w.nodes.size(); ++n) {
    const std::string about = text_of(w.nodes[n]);
    text += fmt::format("  subgraph n{}[\"{}\"]\n", n,
                        mermaid_text(w.nodes[n].name + (about.empty() ? "" : "<br/>" + about)));
    for (const stage_part& part : w.parts_of(n))
      text += fmt::format("    n{}s{}[\"{}<br/>{}\"]\n", n, part.stage,
                          mermaid_text(text_of(part, w.planned)),
                          w.planned.stages[part.stage].kind.name);
    text += "  end\n";
  }
  for (const plan_edge& e : w.planned.edges)
    for (const auto& [from, to] : ways_of(w, e))
      text += fmt::format("  n{}s{} -->|\"{}\"| n{}s{}\n", from, e.from, mermaid_text(e.type), to,
                          e.to);
  return text;
}

std::string placement_json(const placed_plan& w) {
  std::string text =
      fmt::format("{{\"schema\":1,\"graph\":{},\"nodes\":[", json_text(w.planned.name));
  for (std::size_t n = 0; n < w.nodes.size(); ++n) {
    std::vector<std::string> parts;
    for (const stage_part& part : w.parts_of(n))
      parts.push_back(fmt::format("{{\"name\":{},\"subtasks\":[{}]}}",
                                  json_text(w.planned.stages[part.stage].name),
                                  fmt::join(part.subtasks, ",")));
    text += fmt::format("{}\n  {{\"name\":{},\"slots\":{},\"labels\":{},\"stages\":[{}]}}",
                        n == 0 ? "" : ",", json_text(w.nodes[n].name), w.nodes[n].slots,
                        json_list(w.nodes[n].labels), fmt::join(parts, ","));
  }
  text += "],\n\"paths\":[";
  std::string_view before;
  for (const std::size_t s : stages_with_paths(w)) {
    const plan_stage& stage = w.planned.stages[s];
    std::vector<std::string> paths;
    for (const file_use& f : paths_of(stage, w.resolved.stages[s].parallelism))
      paths.push_back(f.path);
    text += fmt::format("{}\n  {{\"stage\":{},\"nodes\":{},\"paths\":{},\"reason\":{}}}", before,
                        json_text(stage.name), json_list(w.nodes_of(s)), json_list(paths),
                        json_text(reason_for(w, s)));
    before = ",";
  }
  return text + "]}\n";
}

} // namespace leat
