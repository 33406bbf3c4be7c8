#include <leat/internal/checkpoint/inspection.hpp>

#include <leat/detail/runtime/subtask_file.hpp>
#include <leat/detail/stage/saved_split.hpp>
#include <leat/detail/state/saved_group.hpp>
#include <leat/internal/checkpoint/saved_values.hpp>
#include <leat/internal/checkpoint/savepoint.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

using detail::saved_state_text;

error corrupt(const subtask_file& f) {
  return external_error(fmt::format("the saved state of {} is corrupt", f.head.name()));
}

// --- states -----------------------------------------------------------------------------------

using detail::stored_states;

/// Calls `visit(group's bytes, types)` for each key group of a keyed stage, or
/// `visit_stored(what a backend keeps, head of a group, types)`.
template <class Visit, class VisitStored>
result<void> each_group(const subtask_file& f, Visit visit, VisitStored visit_stored) {
  std::vector<saved_state_text> types;
  std::size_t groups = 0;
  byte_cursor from(f.stage);
  if (!read_binary(from, types) || !from.take_length(groups))
    return corrupt(f);
  std::uint64_t number = 0; // it is in the group's head, too
  for (std::string group; groups > 0; --groups) {
    if (!read_binary(from, number) || !read_binary(from, group))
      return corrupt(f);
    result<void> visited;
    if (number == stored_states::group_number) {
      byte_cursor of_stored(group);
      stored_states stored;
      if (!read_binary(of_stored, stored))
        return corrupt(f);
      const auto head = detail::read_group_head(of_stored);
      visited = head ? visit_stored(stored, *head, types) : result<void>(head.error());
    } else {
      visited = visit(group, types);
    }
    if (!visited)
      return visited;
  }
  return {};
}

void add_states_of(inspected_subtask& to, const detail::saved_group_head& head,
                   const std::vector<saved_state_text>& types) {
  if (!to.states.empty())
    return;
  for (const detail::saved_state& s : head.states) {
    const auto text = std::find_if(types.begin(), types.end(),
                                   [&](const saved_state_text& t) { return t.name == s.name; });
    to.states.push_back(
        {s.name, text == types.end() ? "" : text->type, fmt::format("{:016x}", s.fingerprint)});
  }
}

result<void> add_states(inspected_subtask& to, const subtask_file& f) {
  const auto in_file = [&](std::string_view bytes, const std::vector<saved_state_text>& types) {
    byte_cursor from(bytes);
    const auto head = detail::read_group_head(from);
    if (!head)
      return result<void>(head.error());
    add_states_of(to, *head, types);
    if (to.states.size() != head->states.size())
      return result<void>(corrupt(f));
    const auto walked = detail::walk_group(bytes, types, [&](std::string_view, const auto& states) {
      ++to.keys;
      for (std::size_t i = 0; i < states.size(); ++i)
        if (states[i]) {
          ++to.states[i].keys;
          to.states[i].bytes += states[i]->size();
        }
    });
    return walked ? result<void>() : result<void>(walked.error());
  };
  const auto elsewhere = [&](const stored_states& stored, const detail::saved_group_head& head,
                             const std::vector<saved_state_text>& types) {
    to.backend = stored.backend;
    to.files = stored.files.size();
    add_states_of(to, head, types);
    return result<void>();
  };
  return each_group(f, in_file, elsewhere);
}

/// Reads one state of a keyed stage.
class state_reader {
public:
  state_reader(std::string_view name, const visit_state& visit) : name_(name), visit_(visit) {}

  result<void> read(const subtask_file& f) {
    if (f.head.contents != saved_contents::states || f.stage.empty())
      return {};
    return each_group(
        f,
        [&](std::string_view bytes, const std::vector<saved_state_text>& types) {
          return read_group(f, bytes, types);
        },
        [&](const stored_states& stored, const detail::saved_group_head&, const auto&) {
          return result<void>(user_error(fmt::format("the keys of {} are in files of {}, which "
                                                     "inspect cannot read",
                                                     f.head.name(), stored.backend)));
        });
  }
  bool found() const { return found_; }

private:
  result<void> read_group(const subtask_file& f, std::string_view bytes,
                          const std::vector<saved_state_text>& types) {
    byte_cursor from(bytes);
    const auto head = detail::read_group_head(from);
    if (!head)
      return head.error();
    const auto at = std::ranges::find(head->states, name_, &detail::saved_state::name);
    if (at == head->states.end())
      return {};
    found_ = true;
    const auto text = std::ranges::find(types, name_, &saved_state_text::name);
    const auto type = text == types.end() ? std::nullopt : detail::parse_state_type(text->type);
    const auto key_type = detail::parse_type(head->key_type);
    if (!type || !key_type)
      return corrupt(f);
    const auto place = static_cast<std::size_t>(at - head->states.begin());
    bool good = true;
    const auto walked =
        detail::walk_group(bytes, types, [&](std::string_view key, const auto& states) {
          if (states[place])
            good = good && print(key, *key_type, *states[place], *type);
        });
    if (!walked)
      return walked.error();
    return good ? result<void>() : result<void>(corrupt(f));
  }

  bool print(std::string_view key, const detail::saved_type& key_type, std::string_view cell,
             const detail::saved_state_type& type) const {
    std::string key_json, value_json;
    byte_cursor of_key(key), of_cell(cell);
    if (!append_saved_key(key_json, of_key, key_type) ||
        !append_saved_state(value_json, of_cell, type))
      return false;
    visit_(key_json, value_json);
    return true;
  }

  std::string_view name_;
  const visit_state& visit_;
  bool found_ = false;
};

// --- splits -----------------------------------------------------------------------------------

std::string position_text(std::string_view position) {
  byte_cursor from(position);
  std::string type_text, text;
  const auto type = read_binary(from, type_text) ? detail::parse_type(type_text) : std::nullopt;
  if (type && append_saved_json(text, from, *type) && from.left() == 0)
    return text;
  return position.empty() ? "" : fmt::format("\"{} bytes\"", position.size());
}

result<void> add_splits(inspected_subtask& to, const subtask_file& f) {
  std::vector<saved_split> splits;
  byte_cursor from(f.stage);
  if (!read_binary(from, splits))
    return corrupt(f);
  for (const saved_split& s : splits)
    to.splits.push_back(
        {s.number, s.name, s.count, s.done, position_text(s.position), s.ahead.size()});
  return {};
}

// --- checkpoints ------------------------------------------------------------------------------

result<void> add_content(inspected_subtask& to, file_system& files, const std::string& folder,
                         const state_file& file) {
  const auto bytes = read_state(files, folder, file);
  if (!bytes)
    return bytes.error();
  const auto f = read_subtask_file(*bytes);
  if (!f)
    return f.error();
  for (const saved_input& i : f->head.inputs)
    to.inputs.push_back(i.type);
  to.channels_bytes = f->channels.size();
  for (const saved_output& o : f->progress.outputs)
    to.outputs.push_back({o.of, o.committable.size()});
  if (f->stage.empty())
    return {};
  if (f->head.contents == saved_contents::states)
    return add_states(to, *f);
  if (f->head.contents == saved_contents::splits)
    return add_splits(to, *f);
  return {};
}

inspected_checkpoint inspected(file_system& files, const std::string& path,
                               const saved_checkpoint& c) {
  const manifest& m = c.manifest;
  inspected_checkpoint to{path, {}, m.epoch, m.term, m.time, m.finished, {}};
  for (const saved_subtask& s : m.subtasks) {
    inspected_subtask& subtask = to.subtasks.emplace_back();
    subtask.stage = s.stage;
    subtask.subtask = s.subtask;
    subtask.subtasks = s.subtasks;
    subtask.bytes = bytes_of(s);
    subtask.ended = s.ended;
    if (auto added = add_content(subtask, files, c.folder, s.file); !added)
      subtask.damage = added.error().what;
    for (const state_file& file : s.stored)
      if (const auto read = read_state(files, c.folder, file); !read && subtask.damage.empty())
        subtask.damage = read.error().what;
  }
  return to;
}

// --- the folder -------------------------------------------------------------------------------

void note(inspection& to, const std::string& damage) {
  if (!damage.empty() && std::find(to.damage.begin(), to.damage.end(), damage) == to.damage.end())
    to.damage.push_back(damage);
}

void add(inspection& to, std::vector<inspected_checkpoint>& list, inspected_checkpoint c) {
  for (const inspected_subtask& s : c.subtasks)
    note(to, s.damage);
  list.push_back(std::move(c));
}

void add_terms(inspection& to, const checkpoint_log& log) {
  const auto slots = log.slots();
  if (!slots)
    return note(to, slots.error().what);
  for (const slot_number slot : *slots) {
    const slot_content content = log.read(slot);
    if (!content.entry)
      note(to, content.entry.error().what);
    if (!content.entry || content.kind != entry_kind::term)
      continue;
    byte_cursor from(content.entry->payload);
    term_entry term;
    if (!read_binary(from, term))
      note(to, fmt::format("\"{}\" is damaged: it is not a term", log.path_of(slot)));
    else
      to.terms.push_back({slot, term.host, term.process, term.time}), to.job = term.job;
  }
}

void add_checkpoints(inspection& to, file_system& files, const checkpoint_folder& folder) {
  const auto view = folder.history();
  if (!view)
    return note(to, view.error().what);
  for (const checkpoint_folder::candidate& c : view->candidates) {
    if (!c.content) {
      note(to, c.content.error().what);
      continue;
    }
    const manifest& m = *c.content;
    to.job = m.job;
    add(to, to.checkpoints,
        inspected(files, fmt::format("{}/{}", folder.states(), name_of_states(m)),
                  {folder.path(), m}));
  }
}

void add_savepoints(inspection& to, file_system& files, const std::string& dir) {
  const auto names = files.list(savepoints_folder(dir));
  if (!names)
    return; // there are none
  for (const std::string& name : *names) {
    if (!has_savepoint(files, dir, name))
      continue;
    const std::string path = savepoint_folder(dir, name);
    const auto named = named_checkpoint(files, path);
    if (!named) {
      note(to, named.error().what);
      continue;
    }
    inspected_checkpoint c = inspected(files, path, *named);
    c.name = name;
    add(to, to.savepoints, std::move(c));
  }
}

} // namespace

result<inspection> inspect(file_system& files, const std::string& path) {
  inspection to;
  to.path = path;
  if (files.list(path + "/log")) {
    const checkpoint_folder folder(files, path);
    add_terms(to, folder.log());
    add_checkpoints(to, files, folder);
    add_savepoints(to, files, path);
    return to;
  }
  const auto named = named_checkpoint(files, path);
  if (!named)
    return named.error();
  to.job = named->manifest.job;
  inspected_checkpoint c = inspected(files, path, *named);
  if (named->published)
    c.name = path.substr(path.rfind('/', path.find_last_not_of('/')) + 1);
  add(to, named->published ? to.savepoints : to.checkpoints, std::move(c));
  return to;
}

result<void> read_state_of(file_system& files, const std::string& path, std::string_view stage,
                           std::string_view state, const visit_state& visit) {
  const auto from = find_checkpoint(files, path);
  if (!from)
    return from.error();
  state_reader reader(state, visit);
  bool is_there = false, goes_on = false;
  for (const saved_subtask& s : from->manifest.subtasks) {
    if (s.stage != stage)
      continue;
    is_there = true;
    goes_on = goes_on || !s.ended;
    const auto bytes = read_state(files, from->folder, s.file);
    if (!bytes)
      return bytes.error();
    const auto f = read_subtask_file(*bytes);
    if (!f)
      return f.error();
    if (auto read = reader.read(*f); !read)
      return read;
  }
  if (is_there && !goes_on)
    return user_error(fmt::format("stage \"{}\" had ended at checkpoint {}: its state was not "
                                  "needed any more, and was not saved",
                                  stage, from->manifest.epoch),
                      "inspect a checkpoint or a savepoint from before the end of its input");
  if (!reader.found())
    return user_error(fmt::format("\"{}\" has no state \"{}\" of a stage \"{}\" that any key has",
                                  path, state, stage),
                      "inspect lists the states");
  return {};
}

} // namespace leat
