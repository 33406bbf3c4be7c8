#include <leat/internal/cli/describe_command.hpp>

#include <leat/detail/plan/guarantees.hpp>
#include <leat/detail/record/utf8.hpp>
#include <leat/internal/cli/describe_placement.hpp>
#include <leat/scalar_text.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <functional>

namespace leat {

namespace {

constexpr std::uint64_t most_slots = 1024;

/// How a format is written: of a graph, and of its placement (null: not at all).
struct describer {
  std::function<std::string(const plan&, std::size_t parallelism)> graph;
  std::string (*placement)(const placed_plan&);
};

// What a crash costs: the text that a run tells at its start.
std::string guarantee_text(const plan& p) {
  std::string text = "after a crash, with checkpoints\n";
  for (const stage_guarantee& g : guarantees(p))
    text += fmt::format("  {}\n", text_of(g));
  return text;
}

std::string text_of_graph(const plan& p, std::size_t parallelism) {
  return p.describe_text(parallelism) + guarantee_text(p);
}

const std::map<std::string_view, describer> describers = {
    {"text", {text_of_graph, placement_text}},
    {"mermaid", {&plan::describe_mermaid, placement_mermaid}},
    {"dot", {&plan::describe_dot, nullptr}},
    {"json", {&plan::describe_json, placement_json}}};

result<describer> describer_of(const describe_settings& s) {
  const auto found = describers.find(s.format);
  if (found == describers.end())
    return user_error(
        fmt::format("--format: {} is not text, mermaid, dot or json", shown(s.format)));
  if (s.placement && !found->second.placement)
    return user_error(fmt::format("--placement: there is no format {} of it", s.format),
                      "text, mermaid or json");
  if (!s.placement && !s.nodes.empty())
    return user_error("--node requires --placement", "add --placement");
  return found->second;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (auto end = text.find(at); end != text.npos; end = text.find(at)) {
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.emplace_back(text);
  return parts;
}

result<node_description> parse_node(const std::string& text) {
  const auto parts = split(text, ':');
  node_description node{parts[0], 1, {}};
  const bool slots = parts.size() < 2 || (parse_scalar(parts[1], node.slots) == parse_error::none &&
                                          node.slots >= 1 && node.slots <= most_slots);
  if (parts.size() > 2)
    node.labels = split(parts[2], ',');
  if (node.name.empty() || !slots || parts.size() > 3 || std::ranges::count(node.labels, "") > 0)
    return user_error(
        fmt::format("--node: invalid node {}", shown(text)),
        fmt::format("NAME[:SLOTS[:LABEL,...]], with 1 to {} slots: edge-1:4:edge,arm", most_slots));
  return node;
}

/// What a placement is described of; errors of the rules are found with the graph.
struct wanted_placement {
  std::vector<node_description> nodes;
  placement_rules rules;

  static result<wanted_placement> of(const describe_settings& s) {
    auto nodes = s.described_nodes();
    if (!nodes)
      return nodes.error();
    auto rules = s.rules();
    if (!rules)
      return rules.error();
    return wanted_placement{std::move(*nodes), std::move(*rules)};
  }
};

} // namespace

void describe_settings::declare(option_set& options) {
  options.add("--format FORMAT", format, "output format: text, mermaid, dot or json")
      .under("Output");
  options.add("--placement", placement, "print which subtasks run on which node").under("Output");
  declare_layout(options, "Layout");
  options
      .add("--node NODE", nodes,
           "a node on another host: NAME[:SLOTS[:LABEL,...]]; once for each node")
      .under("Layout");
  declare_config(options);
}

result<std::vector<node_description>> describe_settings::described_nodes() const {
  const auto local = local_workers();
  if (!local)
    return local.error();
  if (nodes.empty())
    return local_nodes(*local);
  if (*local > 0)
    return user_error("--node and --local-cluster exclude each other",
                      "nodes are either on other hosts, or on this one");
  std::vector<node_description> all;
  for (const std::string& text : nodes) {
    auto node = parse_node(text);
    if (!node)
      return node.error();
    if (node->name == coordinator_name)
      return user_error(fmt::format("--node {}: the name is taken", node->name),
                        "the coordinator is always there, and has no slots");
    if (std::ranges::find(all, node->name, &node_description::name) != all.end())
      return given_twice("--node", node->name);
    all.push_back(std::move(*node));
  }
  return all;
}

result<placement_rules> describe_settings::rules() const {
  auto pins_of_stages = pinned();
  if (!pins_of_stages)
    return pins_of_stages.error();
  return placement_rules{std::move(*pins_of_stages), !nodes.empty(), shared_stages()};
}

exit_code describe_command(const graph_maker& make, const describe_settings& settings,
                           const console& to) {
  const auto refuse = [&](const error& e) { return to.refuse(placed(e, settings.places)); };
  const auto describe = describer_of(settings);
  if (!describe)
    return refuse(describe.error());
  const auto parallelism = settings.subtasks();
  if (!parallelism)
    return refuse(parallelism.error());
  const auto batchings = settings.batchings();
  if (!batchings)
    return refuse(batchings.error());
  const auto wanted = wanted_placement::of(settings);
  if (!wanted)
    return refuse(wanted.error());
  auto g = made(make);
  if (!g)
    return to.refuse(g.error());
  if (auto there = settings.check_stages(g->plan()); !there)
    return to.refuse(there.error());
  std::vector<error> faults = g->validate();
  const std::vector<error> more = g->plan().set_batching(*batchings);
  faults.insert(faults.end(), more.begin(), more.end());
  if (!faults.empty()) {
    for (const error& e : faults)
      to.tell(e);
    return exit_refused;
  }
  if (!settings.placement) {
    to.print(describe->graph(g->plan(), *parallelism));
    return exit_done;
  }
  const auto where = placed_plan::of(g->plan(), *parallelism, wanted->nodes, wanted->rules);
  if (!where)
    return refuse(where.error());
  to.print(describe->placement(*where));
  return exit_done;
}

} // namespace leat
