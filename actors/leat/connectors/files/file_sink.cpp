#include <leat/connectors/files/file_sink.hpp>

#include <filesystem>

namespace leat {

std::string path_of_subtask(const std::string& path, std::size_t subtask, std::size_t subtasks) {
  if (subtasks == 1)
    return path;
  std::filesystem::path numbered{path};
  const std::string extension = numbered.extension().string();
  numbered.replace_extension();
  return numbered.string() + '-' + std::to_string(subtask) + extension;
}

} // namespace leat
