#include <leat/internal/cluster/placement.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/json.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace leat {

namespace {

using node_list = std::vector<std::size_t>;

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

bool all_on_one(const node_list& nodes) {
  return std::ranges::adjacent_find(nodes, std::ranges::not_equal_to{}) == nodes.end();
}

result<void> check_stage(const plan& p, const std::string& name, std::string_view option) {
  if (std::ranges::find(p.stages, name, &plan_stage::name) != p.stages.end())
    return {};
  std::vector<std::string_view> names;
  for (const plan_stage& s : p.stages)
    names.push_back(s.name);
  return user_error(fmt::format("{}: there is no stage {}", option, shown(name)),
                    fmt::format("stages of this graph: {}", fmt::join(names, ", ")));
}

// The rules, applied stage by stage: producers come before their consumers.
class placer {
public:
  placer(const plan& p, const resolved_plan& r, const std::vector<node_description>& nodes,
         const placement_rules& rules)
      : p_(p), r_(r), nodes_(nodes), rules_(rules), turns_(nodes.size() + 1) {}

  result<node_list> place_all() {
    if (auto known = check_names(); !known)
      return known.error();
    node_list all;
    for (std::size_t s = 0; s < p_.stages.size(); ++s) {
      auto placed = place_stage(s);
      if (!placed)
        return placed.error();
      all.insert(all.end(), placed->begin(), placed->end());
      placed_.push_back(std::move(*placed));
    }
    return all;
  }

private:
  result<void> check_names() const {
    for (const auto& [stage, where] : rules_.pins)
      if (auto known = check_stage(p_, stage, "--pin"); !known)
        return known;
    for (const std::string& stage : rules_.shared)
      if (auto known = check_stage(p_, stage, "--shared"); !known)
        return known;
    return {};
  }

  result<node_list> place_stage(std::size_t s) {
    const std::size_t count = r_.stages[s].parallelism;
    const bool together = writes_one_file(s);
    if (rules_.pins.contains(p_.stages[s].name)) {
      const auto allowed = nodes_of_pin(p_.stages[s]);
      if (!allowed)
        return allowed.error();
      return spread(*allowed, count, together);
    }
    if (must_stand_home(p_.stages[s]))
      return node_list(count, 0);
    if (auto with_feeder = beside_feeder(s); with_feeder && !together)
      return std::move(*with_feeder);
    return spread(workers(), count, together);
  }

  bool must_stand_home(const plan_stage& s) const {
    return s.at_coordinator || has_local_path(s, rules_);
  }

  // Locks of a file do not reach from host to host.
  bool writes_one_file(std::size_t s) const {
    const plan_stage& stage = p_.stages[s];
    const std::size_t count = r_.stages[s].parallelism;
    const auto files = paths_of(stage, count);
    return rules_.other_hosts && stage.kind.is_sink && !files.empty() && files.size() < count &&
           !files.front().folder;
  }

  node_list workers() const {
    if (nodes_.empty())
      return {0};
    node_list all(nodes_.size());
    std::iota(all.begin(), all.end(), 1);
    return all;
  }

  result<node_list> nodes_of_pin(const plan_stage& s) const {
    const std::string& where = rules_.pins.at(s.name);
    if (where == coordinator_name)
      return node_list{0};
    node_list allowed;
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      if (nodes_[n].name == where) {
        allowed = {n + 1};
        break;
      }
      if (std::ranges::find(nodes_[n].labels, where) != nodes_[n].labels.end())
        allowed.push_back(n + 1);
    }
    if (allowed.empty())
      return unknown_place(s.name, where);
    if (must_stand_home(s))
      return away_from_home(s, where);
    return allowed;
  }

  error unknown_place(const std::string& stage, const std::string& where) const {
    std::vector<std::string_view> names{coordinator_name};
    std::set<std::string_view> labels;
    for (const node_description& n : nodes_) {
      names.push_back(n.name);
      labels.insert(n.labels.begin(), n.labels.end());
    }
    return user_error(
        fmt::format("--pin {}: there is no node or label {}", stage, shown(where)),
        fmt::format("nodes: {}; labels: {}", fmt::join(names, ", "),
                    labels.empty() ? "none" : fmt::format("{}", fmt::join(labels, ", "))));
  }

  error away_from_home(const plan_stage& s, const std::string& where) const {
    if (s.at_coordinator)
      return user_error(
          fmt::format("--pin {}: it cannot run on {}, since it uses the process that was started",
                      s.name, shown(where)),
          "leave out the pin");
    return user_error(
        fmt::format("--pin {}: it cannot run on {}, since its path {} is local to the coordinator",
                    s.name, shown(where), shown(paths_of(s, 1).front().path)),
        fmt::format("--shared {} if that path is valid on those nodes too, or leave out the pin",
                    s.name));
  }

  // A stage that had to stand at the coordinator draws no other there.
  std::optional<node_list> beside_feeder(std::size_t s) const {
    const auto feeder = only_feeder(p_, s);
    if (!feeder)
      return {};
    const plan_stage& from = p_.stages[*feeder];
    if (must_stand_home(from) && !rules_.pins.contains(from.name))
      return {};
    const node_list& its = placed_[*feeder];
    const std::size_t count = r_.stages[s].parallelism;
    if (count == its.size())
      return its;
    if (count == 1 && all_on_one(its))
      return node_list{its.front()};
    return {};
  }

  node_list spread(const node_list& over, std::size_t count, bool together) {
    return count == 1 || together ? node_list(count, next_in_turn(over))
                                  : in_proportion(over, count);
  }

  std::size_t slots(std::size_t node) const { return node == 0 ? 1 : nodes_[node - 1].slots; }

  // All slots in a row: of these the subtasks take some, at equal distances.
  node_list in_proportion(const node_list& over, std::size_t count) const {
    node_list bounds; // where each node's slots end
    for (const std::size_t node : over)
      bounds.push_back((bounds.empty() ? 0 : bounds.back()) + slots(node));
    node_list nodes;
    for (std::size_t i = 0; i < count; ++i) {
      const auto owner = std::ranges::upper_bound(bounds, i * bounds.back() / count);
      nodes.push_back(over[static_cast<std::size_t>(owner - bounds.begin())]);
    }
    return nodes;
  }

  // The node that has had the fewest turns for its slots once it has had this one.
  std::size_t next_in_turn(const node_list& over) {
    const std::size_t next = *std::ranges::min_element(over, [&](std::size_t a, std::size_t b) {
      return (turns_[a] + 1) * slots(b) < (turns_[b] + 1) * slots(a);
    });
    ++turns_[next];
    return next;
  }

  const plan& p_;
  const resolved_plan& r_;
  const std::vector<node_description>& nodes_;
  const placement_rules& rules_;
  node_list turns_;               ///< by node
  std::vector<node_list> placed_; ///< by stage and subtask
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

} // namespace

result<std::vector<std::size_t>> place(const plan& p, const resolved_plan& r,
                                       const std::vector<node_description>& nodes,
                                       const placement_rules& rules) {
  return placer(p, r, nodes, rules).place_all();
}

std::vector<file_use> paths_of(const plan_stage& stage, std::size_t subtasks) {
  const bool is_end = stage.kind.is_source || stage.kind.is_sink;
  return is_end ? stage.maker->files(stage, subtasks) : std::vector<file_use>{};
}

bool has_local_path(const plan_stage& stage, const placement_rules& rules) {
  return rules.other_hosts && !rules.shared.contains(stage.name) && !paths_of(stage, 1).empty();
}

std::vector<node_description> local_nodes(std::size_t count) {
  std::vector<node_description> all;
  for (std::size_t n = 1; n <= count; ++n)
    all.push_back({fmt::format("worker-{}", n), 1, {}});
  return all;
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

// To the coordinator all workers are one, which any pin elsewhere means.
result<std::vector<bool>> stages_at_coordinator(const plan& p, const resolved_plan& r,
                                                const placement_rules& rules) {
  node_description anybody;
  for (const auto& [stage, where] : rules.pins)
    anybody.labels.push_back(where);
  const auto nodes = place(p, r, {anybody}, rules);
  if (!nodes)
    return nodes.error();
  return stages_on(0, r, *nodes);
}

std::string plan_text(const plan& p, const resolved_plan& r,
                      const std::vector<std::size_t>& nodes) {
  std::string text = fmt::format("graph {}\n", p.name);
  auto subtask = nodes.begin();
  for (std::size_t s = 0; s < p.stages.size(); ++s) {
    const plan_stage& stage = p.stages[s];
    const auto end = subtask + static_cast<std::ptrdiff_t>(r.stages[s].parallelism);
    text += fmt::format("{} {} on nodes {}{}{}{}\n", stage.kind.name, stage.name,
                        fmt::join(subtask, end, " "), r.stages[s].ordered ? ", in stamp order" : "",
                        stage.at_coordinator ? ", at the coordinator" : "",
                        stage.batching ? ", " + stage.batching->text() : "");
    if (!all_on_one({subtask, end}))
      for (const file_use& f : paths_of(stage, r.stages[s].parallelism))
        text += fmt::format("{} uses {}\n", stage.name, f.path);
    subtask = end;
  }
  for (const plan_edge& e : p.edges)
    text += fmt::format("{} -> {} {} {} {:x} {}\n", p.stages[e.from].name, p.stages[e.to].name,
                        routing_name(e.route), e.type, e.codec ? e.codec->fingerprint() : 0,
                        fmt::join(e.steps, ", "));
  return text;
}

std::string first_difference(std::string_view own, std::string_view other) {
  if (own == other)
    return {};
  const auto quoted = [](std::string_view line) { // not more of it than a person reads
    constexpr std::size_t most = 5000;
    std::string text;
    append_json_text(text, line.substr(0, most));
    return line.size() > most ? text + "..." : text;
  };
  const auto ours = lines_of(own);
  const auto theirs = lines_of(other);
  const auto [here, there] = std::ranges::mismatch(ours, theirs);
  if (there == theirs.end())
    return fmt::format("its plan ends before {}", quoted(*here));
  if (here == ours.end())
    return fmt::format("its plan goes on with {}", quoted(*there));
  return fmt::format("its plan has {} in place of {}", quoted(*there), quoted(*here));
}

} // namespace leat
