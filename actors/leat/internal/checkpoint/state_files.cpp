#include <leat/internal/checkpoint/state_files.hpp>

#include <leat/detail/record/key.hpp>

#include <fmt/format.h>

namespace leat {

state_writer::state_writer(file_system& files, std::string folder, std::uint64_t term)
    : files_(files), folder_(std::move(folder) + "/state"), term_(term) {}

result<state_file> state_writer::write(epoch number, std::string_view stage, std::size_t subtask,
                                       std::string_view content) {
  auto place = make_place(number, stage, subtask);
  if (!place)
    return place.error();
  state_file written{std::move(*place), content.size(),
                     detail::hash_bytes(content.data(), content.size())};
  const std::string path = folder_ + '/' + written.path;
  if (const auto done = write_synced(files_, path, content); !done)
    return done.error();
  if (const auto synced = files_.sync_folder(folder_of(path)); !synced)
    return synced.error();
  return written;
}

result<std::string> state_writer::make_place(epoch number, std::string_view stage,
                                             std::size_t subtask) {
  const std::string place = fmt::format("{}-{}", number, term_);
  if (const auto made = make_folder_of(number, folder_ + '/' + place); !made)
    return made.error();
  return fmt::format("{}/{}-{}", place, file_name_of(stage), subtask);
}

// A complete file is read once, for its checksum, however many checkpoints have it.
result<std::vector<state_file>> state_writer::keep(epoch number, std::string_view stage,
                                                   std::size_t subtask, const stored_files& files) {
  const auto place = make_place(number, stage, subtask);
  if (!place)
    return place.error();
  const std::string owner = fmt::format("{}-{}", stage, subtask);
  std::map<std::string, state_file> known;
  {
    const std::lock_guard guard(mutex_);
    known.swap(known_[owner]);
  }
  std::vector<state_file> kept;
  std::map<std::string, state_file> complete;
  for (const stored_file& f : files.all()) {
    auto one = keep(*place + '.' + f.name, f, known);
    if (!one)
      return one.error();
    if (!f.path.empty())
      complete.emplace(f.name, *one);
    kept.push_back(std::move(*one));
  }
  const std::lock_guard guard(mutex_);
  known_[owner] = std::move(complete);
  return kept;
}

result<state_file> state_writer::keep(std::string path, const stored_file& file,
                                      const std::map<std::string, state_file>& known) {
  const std::string to = folder_ + '/' + path;
  if (file.path.empty()) {
    if (const auto written = write_synced(files_, to, file.content); !written)
      return written.error();
    return state_file{std::move(path), file.content.size(),
                      detail::hash_bytes(file.content.data(), file.content.size())};
  }
  if (const auto linked = link_or_copy(files_, file.path, to); !linked)
    return linked.error();
  if (const auto before = known.find(file.name); before != known.end())
    return state_file{std::move(path), before->second.bytes, before->second.checksum};
  const auto content = files_.read(to);
  if (!content)
    return content.error();
  return state_file{std::move(path), content->size(),
                    detail::hash_bytes(content->data(), content->size())};
}

// Another process may have made the folder and not synced it yet, so each one syncs.
result<void> state_writer::make_folder_of(epoch number, const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (made_ == number)
    return {};
  if (const auto made = files_.make_folder(path); !made)
    return made;
  if (const auto synced = files_.sync_folder(folder_); !synced)
    return synced;
  made_ = number;
  return {};
}

std::string stored_files_at(const std::string& folder, const state_file& state) {
  return folder + "/state/" + state.path + '.';
}

result<std::string> read_state(file_system& files, const std::string& folder,
                               const state_file& which) {
  const std::string path = folder + "/state/" + which.path;
  auto content = files.read(path);
  if (!content)
    return content;
  if (content->size() != which.bytes)
    return external_error(fmt::format("\"{}\" is damaged: it has {} bytes instead of {}", path,
                                      content->size(), which.bytes));
  if (detail::hash_bytes(content->data(), content->size()) != which.checksum)
    return external_error(fmt::format("\"{}\" is damaged: its checksum differs", path));
  return content;
}

} // namespace leat
