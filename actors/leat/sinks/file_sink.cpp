#include <leat/sinks/file_sink.hpp>

#include <filesystem>

namespace leat {

std::string path_of_subtask(const std::string& path, const sink_place& place) {
  if (place.subtasks == 1)
    return path;
  std::filesystem::path numbered{path};
  const std::string extension = numbered.extension().string();
  numbered.replace_extension();
  return numbered.string() + '-' + std::to_string(place.subtask) + extension;
}

} // namespace leat
