#include <leat/internal/checkpoint/savepoint.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/checkpoint/checkpoint_folder.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

constexpr std::size_t longest_name = 100;

std::string manifest_of(const std::string& dir, const std::string& name) {
  return fmt::format("{}/{}", savepoint_folder(dir, name), witness_name);
}

error exists_error(const std::string& dir, const std::string& name) {
  return user_error(fmt::format("there is a savepoint \"{}\"", savepoint_folder(dir, name)),
                    "choose another name, or remove that folder");
}

result<void> make_folder(file_system& files, const std::string& path) {
  if (auto made = files.make_folder(path); !made)
    return made;
  return files.sync_folder(folder_of(path));
}

// Files and folders of up to three levels.
void remove_all(file_system& files, const std::string& path) {
  if (const auto names = files.list(path))
    for (const std::string& name : *names)
      remove_all(files, path + '/' + name);
  (void)files.remove(path);
}

} // namespace

std::string savepoints_folder(const std::string& dir) { return dir + "/savepoints"; }

std::string savepoint_folder(const std::string& dir, const std::string& name) {
  return savepoints_folder(dir) + '/' + name;
}

result<void> check_savepoint_name(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
  if (plain && !name.empty() && name.size() <= longest_name)
    return {};
  return user_error(fmt::format("{} cannot be the name of a savepoint", shown(name)),
                    fmt::format("up to {} letters, digits, _ and -", longest_name));
}

bool has_savepoint(file_system& files, const std::string& dir, const std::string& name) {
  return bool(files.read(manifest_of(dir, name)));
}

result<void> keep_states_of(file_system& files, const std::string& dir, const std::string& name,
                            const manifest& m) {
  if (has_savepoint(files, dir, name))
    return exists_error(dir, name);
  const std::string folder = savepoint_folder(dir, name);
  drop_savepoint(files, dir, name);
  for (const std::string& path : {savepoints_folder(dir), folder, folder + "/state"})
    if (auto made = make_folder(files, path); !made)
      return made;
  std::string place;
  for (const saved_subtask& s : m.subtasks) {
    if (const std::string of = folder_of(folder + "/state/" + s.file.path); of != place)
      if (auto made = make_folder(files, place = of); !made)
        return made;
    std::vector<state_file> all = s.stored;
    all.push_back(s.file);
    for (const state_file& f : all)
      if (auto kept = link_or_copy(files, dir + "/state/" + f.path, folder + "/state/" + f.path);
          !kept)
        return kept;
  }
  return place.empty() ? result<void>{} : files.sync_folder(place);
}

result<void> complete_savepoint(file_system& files, const std::string& dir, const std::string& name,
                                const manifest& m) {
  const std::string path = manifest_of(dir, name);
  const std::string temporary = path + ".new";
  if (auto written =
          write_synced(files, temporary,
                       encode_entry(m.term, {entry_kind::savepoint, m.term, encode_manifest(m)}));
      !written)
    return written;
  const auto linked = files.link(temporary, path);
  (void)files.remove(temporary);
  if (!linked)
    return linked.error();
  if (!*linked)
    return exists_error(dir, name);
  return files.sync_folder(folder_of(path));
}

void drop_savepoint(file_system& files, const std::string& dir, const std::string& name) {
  remove_all(files, savepoint_folder(dir, name));
}

} // namespace leat
