#include <leat/connectors/files/line_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

namespace leat {
namespace {

constexpr std::size_t chunk = 256 * 1024;
constexpr std::string_view mark = "\xEF\xBB\xBF";

std::string reason(int code) { return std::generic_category().message(code); }

} // namespace

result<line_reader> line_reader::open(std::string path, std::size_t max_line,
                                      std::shared_ptr<const read_stop> stop) {
  auto file = input_file::open(path, std::move(stop));
  if (!file)
    return file.error();
  return line_reader{std::move(path), max_line, std::move(*file)};
}

line_reader::line_reader(std::string path, std::size_t max_line, input_file file)
    : path_(std::move(path)),
      max_line_(std::min(max_line, std::numeric_limits<std::size_t>::max() / 2)),
      file_(std::move(file)), buffer_(chunk) {}

bool line_reader::ready() const {
  return available().find('\n') != std::string_view::npos || file_.ready();
}

line_reader::status line_reader::next(std::string_view& line) {
  if (error_)
    return status::failed;
  if (place_.offset == 0)
    if (const filled got = skip_mark(); got == filled::failed || got == filled::stopped)
      return got == filled::failed ? status::failed : status::stopped;
  unterminated_ = false;
  for (std::size_t searched = 0;;) {
    const std::size_t size = available().size();
    if (const auto found = available().find('\n', searched); found != std::string_view::npos)
      return take(found, 1, line);
    if (size > max_line_ + 1) // one more, which may be the \r of the line's end
      return skip_line(line);
    searched = size;
    const filled got = fill();
    if (got == filled::failed)
      return status::failed;
    if (got == filled::stopped)
      return status::stopped;
    if (got == filled::nothing && size == 0)
      return status::end;
    if (got == filled::nothing) {
      unterminated_ = true;
      return take(size, 0, line);
    }
  }
}

/// Hands out `size` bytes as a line, and passes the `end_size` bytes of its end.
line_reader::status line_reader::take(std::size_t size, std::size_t end_size,
                                      std::string_view& line) {
  line = available().substr(0, size);
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  consume(size + end_size);
  ++place_.line;
  length_ = line.size();
  if (length_ <= max_line_)
    return status::line;
  line = line.substr(0, kept_of_too_long);
  return status::too_long;
}

/// Passes a line that is too long for the buffer, keeping its first bytes.
line_reader::status line_reader::skip_line(std::string_view& line) {
  head_ = available().substr(0, kept_of_too_long);
  std::uint64_t size = 0;
  bool carriage_return = false;
  for (bool ended = false; !ended;) {
    const std::string_view text = available().substr(0, available().find('\n'));
    ended = text.size() < available().size();
    size += text.size();
    carriage_return = text.empty() ? carriage_return : text.back() == '\r';
    consume(text.size() + (ended ? 1 : 0));
    const filled got = ended ? filled::some : fill();
    if (got == filled::failed)
      return status::failed;
    if (got == filled::stopped)
      return status::stopped;
    if (got == filled::nothing)
      ended = unterminated_ = true;
  }
  ++place_.line;
  length_ = size - (carriage_return ? 1 : 0);
  line = head_;
  return status::too_long;
}

void line_reader::consume(std::size_t size) {
  begin_ += size;
  place_.offset += size;
}

/// Passes the byte order mark. Waits for no more bytes than it takes to rule one out.
line_reader::filled line_reader::skip_mark() {
  filled got = filled::some;
  while (got == filled::some && available().size() < mark.size() && mark.starts_with(available()))
    got = fill();
  if (available().starts_with(mark))
    consume(mark.size());
  return got;
}

/// Reads more bytes behind those that are there. Only called while these are no more than
/// max_line + 1, so there is always room to grow into.
line_reader::filled line_reader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size())
    buffer_.resize(std::min(2 * buffer_.size(), max_line_ + chunk));
  const ssize_t got = file_.read(buffer_.data() + end_, buffer_.size() - end_);
  if (got < 0) {
    error_ = external_error(
        fmt::format("cannot read \"{}\" after line {}: {}", path_, place_.line, reason(errno)));
    return filled::failed;
  }
  end_ += static_cast<std::size_t>(got);
  if (got > 0)
    return filled::some;
  return file_.stopped() ? filled::stopped : filled::nothing;
}

result<void> line_reader::seek(place to) {
  if (auto moved = file_.seek(to.offset, path_); !moved)
    return moved;
  begin_ = end_ = 0;
  place_ = to;
  length_ = 0;
  unterminated_ = false;
  return {};
}

} // namespace leat
