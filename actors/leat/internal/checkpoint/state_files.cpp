#include <leat/internal/checkpoint/state_files.hpp>

#include <leat/detail/record/key.hpp>

#include <fmt/format.h>

namespace leat {

state_writer::state_writer(file_system& files, std::string folder, std::uint64_t term)
    : files_(files), folder_(std::move(folder) + "/state"), term_(term) {}

result<state_file> state_writer::write(epoch number, std::string_view stage, std::size_t subtask,
                                       std::string_view content) {
  const std::string place = fmt::format("{}-{}", number, term_);
  if (const auto made = make_folder_of(number, folder_ + '/' + place); !made)
    return made.error();
  state_file written{fmt::format("{}/{}-{}", place, file_name_of(stage), subtask), content.size(),
                     detail::hash_bytes(content.data(), content.size())};
  if (const auto done = write_synced(files_, folder_ + '/' + written.path, content); !done)
    return done.error();
  if (const auto synced = files_.sync_folder(folder_ + '/' + place); !synced)
    return synced.error();
  return written;
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
