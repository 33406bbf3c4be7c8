#include <leat/connectors/files/lines_source.hpp>

#include <fmt/format.h>

namespace leat {
namespace {

/// The first bytes of a line, without half a character at the end.
std::string_view head_of(std::string_view line) {
  if (line.size() <= line_reader::kept_of_too_long)
    return line;
  std::size_t size = line_reader::kept_of_too_long;
  for (int back = 0; back < 3 && (line[size] & 0xC0) == 0x80; ++back)
    --size;
  return line.substr(0, size);
}

} // namespace

dead_letter letter_of_line(const line_reader& file, std::string_view line, std::string reason) {
  const std::string_view raw = head_of(line);
  if (file.unterminated())
    reason += "; it is the file's last line and has no line end: the file looks truncated";
  if (raw.size() < file.length())
    reason += fmt::format("; the first {} of its {} bytes are kept", raw.size(), file.length());
  return {std::move(reason),
          {},
          fmt::format("{}:{}", file.path(), file.line_number()),
          std::string{raw}};
}

std::string too_long_reason(const line_reader& file, std::size_t max_line) {
  return fmt::format("a line of {} bytes exceeds the maximum of {}", file.length(), max_line);
}

} // namespace leat
