#include <leat/internal/runtime/restoring.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace leat {

namespace {

error other_graph(const manifest& m, std::string what, std::string hint) {
  return user_error(fmt::format("checkpoint {} is that of another graph: {}", m.epoch, what),
                    std::move(hint));
}

// Where a stage has ended it takes no more records, also not from stages that are new.
std::optional<std::string> ended_stage(const manifest& m,
                                       const std::map<std::string, bool>& planned) {
  std::map<std::string, bool> ended;
  for (const saved_subtask& s : m.subtasks)
    ended[s.stage] = ended.try_emplace(s.stage, true).first->second && s.ended;
  for (const auto& [name, has_ended] : ended)
    if (const auto stage = planned.find(name);
        has_ended && stage != planned.end() && !stage->second)
      return name;
  return {};
}

// A source is known by its number in stamps. So it keeps the one that it had, and a new one gets
// one that no source has had.
std::uint32_t source_number(const planned_subtask& p, const manifest& m) {
  std::uint32_t next = 0;
  for (const saved_subtask& s : m.subtasks) {
    if (s.stage == p.stage)
      return s.stage_number;
    next = std::max(next, s.stage_number + 1);
  }
  return next + p.blueprint.settings.services.stage_number;
}

// What a subtask goes on from: its own state where the stage had as many subtasks as it has, else
// those of all. The splits of a source may be others than they were, so it always needs all.
std::vector<state_file> states_of(const planned_subtask& p, const manifest& m) {
  const stage_services& of = p.blueprint.settings.services;
  std::vector<state_file> all;
  for (const saved_subtask& s : m.subtasks)
    if (s.stage == p.stage && (p.is_source || s.subtasks != of.subtasks || s.subtask == of.subtask))
      all.push_back(s.file);
  return all;
}

} // namespace

result<void> check_restorable(const manifest& m, const std::vector<planned_subtask>& subtasks,
                              bool allow_changed) {
  static constexpr auto hint = "run the graph that it was made by, allow the difference by "
                               "--allow-non-restored-state, or begin anew: --restore none";
  std::map<std::string, bool> planned; // whether it is a source
  std::set<std::string> saved;
  for (const planned_subtask& p : subtasks)
    planned.emplace(p.stage, p.is_source);
  for (const saved_subtask& s : m.subtasks)
    saved.insert(s.stage);
  for (const std::string& name : saved)
    if (!allow_changed && !planned.contains(name))
      return other_graph(m, fmt::format("the graph has no stage \"{}\"", name), hint);
  for (const saved_subtask& s : m.subtasks)
    if (s.held_records && !planned.contains(s.stage))
      return other_graph(
          m, fmt::format("the graph has no stage \"{}\", in which records were waiting", s.stage),
          "stop the graph that it was made by with --parallelism 1, where none wait");
  for (const auto& [name, is_source] : planned) {
    if (saved.contains(name))
      continue;
    if (!allow_changed)
      return other_graph(m, fmt::format("it has no stage \"{}\"", name), hint);
    if (const auto ended = ended_stage(m, planned); ended && is_source)
      return other_graph(
          m, fmt::format("source \"{}\" is new, but stage \"{}\" had ended", name, *ended),
          "begin anew: --restore none");
  }
  return {};
}

bool needs_stamps(const manifest& from, const std::vector<planned_subtask>& subtasks) {
  std::set<std::string_view> unstamped;
  for (const planned_subtask& p : subtasks)
    if (p.blueprint.settings.ordered && p.channels.size() == 1)
      unstamped.insert(p.stage);
  return std::ranges::any_of(from.subtasks, [&](const saved_subtask& s) {
    return s.held_records && unstamped.contains(s.stage);
  });
}

void restore(const saved_checkpoint& from, bool stamped, file_system& files,
             std::vector<planned_subtask>& subtasks) {
  for (planned_subtask& p : subtasks) {
    p.blueprint.settings.published = from.published;
    for (const state_file& f : states_of(p, from.manifest))
      p.blueprint.saved_states.push_back(
          {[&files, folder = from.folder, f] { return read_state(files, folder, f); },
           stored_files_at(from.folder, f)});
    if (p.is_source)
      p.blueprint.settings.services.stage_number = source_number(p, from.manifest);
    for (std::size_t i = 0; stamped && i < p.leads_to_order.size(); ++i)
      if (p.leads_to_order[i])
        p.blueprint.settings.ports[i].carried.stamps = true;
  }
}

} // namespace leat
