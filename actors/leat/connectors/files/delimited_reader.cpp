#include <leat/connectors/files/delimited_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace leat {
namespace {

/// Memory grows with the bytes that are there, not with a length that promises them.
constexpr std::size_t step = 64 * 1024;

} // namespace

result<delimited_reader> delimited_reader::open(std::string path, std::size_t max_message,
                                                std::shared_ptr<const read_stop> stop) {
  auto file = input_file::open(path, std::move(stop));
  if (!file)
    return file.error();
  return delimited_reader{std::move(path), max_message, std::move(*file)};
}

delimited_reader::delimited_reader(std::string path, std::size_t max_message, input_file file)
    : path_(std::move(path)), max_message_(max_message), file_(std::move(file)), buffer_(step) {}

delimited_reader::status delimited_reader::next(std::string_view& message) {
  if (error_)
    return status::failed;
  start_ = at_;
  length_ = 0;
  message_.clear();
  status got = read_length();
  if (got == status::message)
    got = length_ <= max_message_ ? read_message() : skip_message();
  message = message_;
  return got;
}

result<void> delimited_reader::seek(std::uint64_t to) {
  if (auto moved = file_.seek(to, path_); !moved)
    return moved;
  begin_ = end_ = 0;
  start_ = at_ = to;
  return {};
}

/// Answers `message` when one follows.
delimited_reader::status delimited_reader::read_length() {
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (begin_ == end_ && !fill())
      return without_bytes(shift == 0 ? status::end : status::truncated);
    const auto byte = static_cast<unsigned char>(buffer_[begin_++]);
    ++at_;
    length_ |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80 && length_ <= INT32_MAX)
      return status::message;
    if (byte < 0x80)
      break;
  }
  error_ = user_error(
      fmt::format("\"{}\" has an invalid message length at byte {}", path_, start_),
      "the messages after it cannot be found: the file is damaged, or not one of length-delimited "
      "messages");
  return status::failed;
}

delimited_reader::status delimited_reader::read_message() {
  while (message_.size() < length_) {
    const std::size_t size = std::min<std::size_t>(step, length_ - message_.size());
    if (read(size) < size)
      return without_bytes(status::truncated);
  }
  return status::message;
}

delimited_reader::status delimited_reader::skip_message() {
  if (read(kept_of_too_long) < std::min<std::uint64_t>(kept_of_too_long, length_))
    return without_bytes(status::truncated);
  const std::string head = message_;
  for (std::uint64_t left = length_ - head.size(); left > 0;) {
    message_.clear();
    const std::size_t size = std::min<std::uint64_t>(step, left);
    if (read(size) < size) {
      message_ = head;
      return without_bytes(status::truncated);
    }
    left -= size;
  }
  message_ = head;
  return status::too_long;
}

/// Appends up to `size` bytes of the message, and returns how many.
std::size_t delimited_reader::read(std::size_t size) {
  size = std::min<std::uint64_t>(size, length_);
  std::size_t got = 0;
  while (got < size && (begin_ < end_ || fill())) {
    const std::size_t some = std::min(size - got, end_ - begin_);
    message_.append(buffer_.data() + begin_, some);
    begin_ += some;
    got += some;
  }
  at_ += got;
  return got;
}

/// Reads more bytes where none are left. False at the end, after an error, and when stopped.
bool delimited_reader::fill() {
  const ssize_t got = file_.read(buffer_.data(), buffer_.size());
  cause_ = got < 0 ? errno : 0;
  begin_ = 0;
  end_ = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  return got > 0;
}

/// Why no bytes came: `at_end` if the file has ended.
delimited_reader::status delimited_reader::without_bytes(status at_end) {
  if (cause_ == 0)
    return file_.stopped() ? status::stopped : at_end;
  error_ = external_error(fmt::format("cannot read \"{}\" at byte {}: {}", path_, at_,
                                      std::generic_category().message(cause_)));
  return status::failed;
}

dead_letter letter_of_message(const delimited_reader& file, std::string_view message,
                              std::string reason) {
  const std::string_view raw = message.substr(0, delimited_reader::kept_of_too_long);
  reason += fmt::format(" (a message of {} bytes", file.length());
  if (raw.size() < file.length())
    reason += fmt::format(", the first {} are kept", raw.size());
  return {
      reason + ')', {}, fmt::format("{}:byte {}", file.path(), file.offset()), std::string{raw}};
}

} // namespace leat
