#include <leat/detail/runtime/subtask_file.hpp>

#include <leat/detail/record/plain_bytes.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

constexpr std::uint8_t format_version = 1;

} // namespace

std::string subtask_file_head::name() const {
  return fmt::format("subtask {} of {} of stage \"{}\"", subtask, subtasks, stage);
}

void append_subtask_file(std::string& to, const subtask_file& f) {
  put_plain(to, format_version);
  append_binary(to, f.head);
  append_binary(to, f.counters);
  append_binary(to, f.progress);
  append_binary(to, f.channels);
}

result<subtask_file> read_subtask_file(std::string_view bytes) {
  byte_cursor from(bytes);
  std::uint8_t version = 0;
  if (!get_plain(from, version))
    return external_error("the saved state of a subtask is corrupt: it is empty");
  if (version != format_version)
    return user_error(fmt::format("the saved subtask has format {}, this program reads format {}",
                                  version, format_version),
                      "use a program of the version that saved it");
  subtask_file f;
  if (!read_binary(from, f.head))
    return external_error("the saved state of a subtask is corrupt: its head is invalid");
  if (!read_binary(from, f.counters) || !read_binary(from, f.progress) ||
      !read_binary(from, f.channels))
    return external_error(fmt::format("the saved state of {} is corrupt", f.head.name()));
  f.stage = bytes.substr(bytes.size() - from.left());
  return f;
}

} // namespace leat
