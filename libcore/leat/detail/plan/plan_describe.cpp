// What a plan says of itself: as text, and as Mermaid, DOT and JSON.
#include <leat/detail/plan/plan.hpp>

#include <leat/json.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

std::string json_text(std::string_view text) {
  std::string quoted;
  append_json_text(quoted, text);
  return quoted;
}

std::string dot_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text)
    quoted += c == '\n' ? "\\n" : c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return quoted + '"';
}

std::string subtasks(std::size_t n) { return n == 1 ? "1 subtask" : fmt::format("{} subtasks", n); }

} // namespace

std::string mermaid_text(std::string text) {
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 6)
    text.replace(at, 1, "&quot;");
  return text;
}

std::string_view routing_name(routing r) {
  static constexpr std::string_view names[] = {"forward", "rebalance", "by key", "broadcast"};
  return names[static_cast<int>(r)];
}

std::string plan::describe_text(std::size_t default_parallelism) const {
  const resolved_plan r = resolve(default_parallelism);
  std::string text = fmt::format("graph {}\n", name);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const plan_stage& s = stages[i];
    text += fmt::format("  {:<8} {}: {}", s.kind.name, s.name, subtasks(r.stages[i].parallelism));
    if (s.batching)
      text += ", " + s.batching->text();
    if (!s.detail.empty())
      text += ", " + s.detail;
    if (s.blocking)
      text += ", own thread";
    if (s.publishes_as_it_goes())
      text += ", publishes as it goes";
    if (r.stages[i].ordered)
      text += ", in stamp order";
    text += '\n';
    for (std::size_t e = 0; e < edges.size(); ++e) {
      if (edges[e].from != i)
        continue;
      text += fmt::format("           -> {} ({} {}", stages[edges[e].to].name, edges[e].type,
                          routing_name(edges[e].route));
      if (r.edges[e].carried.stamps)
        text += ", stamped";
      if (!edges[e].steps.empty())
        text += fmt::format(", after {}", fmt::join(edges[e].steps, ", "));
      text += ")\n";
    }
  }
  return text;
}

std::string plan::describe_mermaid(std::size_t default_parallelism) const {
  const resolved_plan r = resolve(default_parallelism);
  std::string text = "flowchart LR\n";
  for (std::size_t i = 0; i < stages.size(); ++i) {
    std::string label = fmt::format("{}<br/>{}", mermaid_text(stages[i].name), stages[i].kind.name);
    if (stages[i].batching)
      label += " " + stages[i].batching->text();
    if (r.stages[i].parallelism > 1)
      label += fmt::format(" ×{}", r.stages[i].parallelism);
    text += fmt::format("  s{}[\"{}\"]\n", i, label);
  }
  for (const plan_edge& e : edges) {
    std::string label = mermaid_text(e.type);
    if (!e.steps.empty())
      label = mermaid_text(fmt::format("{}", fmt::join(e.steps, ", "))) + ": " + label;
    text += fmt::format("  s{} -->|\"{}\"| s{}\n", e.from, label, e.to);
  }
  return text;
}

std::string plan::describe_dot(std::size_t default_parallelism) const {
  const resolved_plan r = resolve(default_parallelism);
  std::string text =
      fmt::format("digraph {} {{\n  rankdir=LR;\n  node [shape=box];\n", dot_text(name));
  for (std::size_t i = 0; i < stages.size(); ++i) {
    std::string kind{stages[i].kind.name};
    if (stages[i].batching)
      kind += " " + stages[i].batching->text();
    if (r.stages[i].parallelism > 1)
      kind += fmt::format(" ×{}", r.stages[i].parallelism);
    text += fmt::format("  s{} [label={}];\n", i, dot_text(stages[i].name + "\n" + kind));
  }
  for (const plan_edge& e : edges) {
    const std::string label =
        e.steps.empty() ? e.type : fmt::format("{}: {}", fmt::join(e.steps, ", "), e.type);
    text += fmt::format("  s{} -> s{} [label={}];\n", e.from, e.to, dot_text(label));
  }
  return text + "}\n";
}

std::string plan::describe_json(std::size_t default_parallelism) const {
  const resolved_plan r = resolve(default_parallelism);
  std::string text = fmt::format("{{\"schema\":1,\"graph\":{},\"stages\":[", json_text(name));
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const plan_stage& s = stages[i];
    text += fmt::format("{}\n  {{\"name\":{},\"kind\":\"{}\",\"parallelism\":{},\"batching\":{},"
                        "\"own_thread\":{},\"publishes_as_it_goes\":{},\"in_stamp_order\":{}}}",
                        i == 0 ? "" : ",", json_text(s.name), s.kind.name, r.stages[i].parallelism,
                        s.batching ? json_text(s.batching->text()) : "null", s.blocking,
                        s.publishes_as_it_goes(), r.stages[i].ordered);
  }
  text += "],\n\"edges\":[";
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const plan_edge& e = edges[i];
    text +=
        fmt::format("{}\n  {{\"from\":{},\"to\":{},\"record\":{},\"routing\":\"{}\","
                    "\"stamped\":{},\"steps\":[",
                    i == 0 ? "" : ",", json_text(stages[e.from].name), json_text(stages[e.to].name),
                    json_text(e.type), routing_name(e.route), r.edges[i].carried.stamps);
    for (std::size_t step = 0; step < e.steps.size(); ++step)
      text += (step == 0 ? "" : ",") + json_text(e.steps[step]);
    text += "]}";
  }
  return text + "]}\n";
}

} // namespace leat
