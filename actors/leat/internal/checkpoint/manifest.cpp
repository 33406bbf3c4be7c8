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

bool has_stored(const manifest& m) {
  return std::ranges::any_of(m.subtasks, [](const saved_subtask& s) { return !s.stored.empty(); });
}

bool are_state_paths(const saved_subtask& s) {
  return is_state_path(s.file.path) &&
         std::ranges::all_of(s.stored, is_state_path, &state_file::path);
}

} // namespace

bool has_committables(const manifest& m) {
  return std::any_of(m.subtasks.begin(), m.subtasks.end(),
                     [](const saved_subtask& s) { return s.committables; });
}

std::string encode_subtask(const saved_subtask& s) {
  std::string bytes;
  append_binary(bytes, s);
  append_binary(bytes, s.stored);
  return bytes;
}

result<saved_subtask> decode_subtask(std::string_view bytes) {
  saved_subtask s;
  byte_cursor from(bytes);
  if (!read_binary(from, s) || !read_binary(from, s.stored) || from.left() > 0)
    return external_error("it is not the state of a subtask");
  return s;
}

std::uint64_t bytes_of(const saved_subtask& s) {
  std::uint64_t bytes = s.file.bytes;
  for (const state_file& f : s.stored)
    bytes += f.bytes;
  return bytes;
}

std::string encode_manifest(const manifest& m) {
  std::string bytes;
  append_binary(bytes, m);
  if (has_stored(m))
    for (const saved_subtask& s : m.subtasks)
      append_binary(bytes, s.stored);
  return bytes;
}

result<manifest> decode_manifest(std::string_view bytes) {
  manifest read;
  byte_cursor from(bytes);
  bool good = read_binary(from, read);
  if (good && from.left() > 0) {
    for (saved_subtask& s : read.subtasks)
      good = good && read_binary(from, s.stored);
    good = good && has_stored(read);
  }
  if (!good || from.left() != 0 || !std::ranges::all_of(read.subtasks, are_state_paths))
    return external_error("it is not a manifest of this format");
  return read;
}

std::string to_json(const manifest& m) {
  std::string text;
  append_json(text, m);
  return text;
}

} // namespace leat
