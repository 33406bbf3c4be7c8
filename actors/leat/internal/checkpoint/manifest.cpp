#include <leat/internal/checkpoint/manifest.hpp>

#include <leat/detail/record/codec.hpp>
#include <leat/json.hpp>

#include <algorithm>

namespace leat {
namespace {

/// "6-1/name": a path that leads nowhere else.
bool is_state_path(const std::string& path) {
  const auto slash = path.find('/');
  return slash != std::string::npos && path.find_first_not_of("0123456789-") == slash &&
         slash + 1 < path.size() && path.find('/', slash + 1) == std::string::npos &&
         path.substr(slash + 1) != "." && path.substr(slash + 1) != "..";
}

} // namespace

bool has_committables(const manifest& m) {
  return std::any_of(m.subtasks.begin(), m.subtasks.end(),
                     [](const saved_subtask& s) { return s.committables; });
}

std::string encode_manifest(const manifest& m) {
  std::string bytes;
  append_binary(bytes, m);
  return bytes;
}

result<manifest> decode_manifest(std::string_view bytes) {
  manifest read;
  byte_cursor from(bytes);
  if (!read_binary(from, read) || from.left() != 0 ||
      !std::all_of(read.subtasks.begin(), read.subtasks.end(),
                   [](const saved_subtask& s) { return is_state_path(s.file.path); }))
    return external_error("it is not a manifest of this format");
  return read;
}

std::string to_json(const manifest& m) {
  std::string text;
  append_json(text, m);
  return text;
}

} // namespace leat
