#include <leat/sources/delimited_reader.hpp>

#include <leat/sources/input_files.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <system_error>

namespace leat {
namespace {

/// Memory grows with the bytes that are there, not with a length that promises them.
constexpr std::size_t step = 64 * 1024;

} // namespace

result<delimited_reader> delimited_reader::open(std::string path, std::size_t max_message) {
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  const int code = errno;
  if (!file)
    return open_error(path, code);
  delimited_reader opened{std::move(path), max_message, file};
  struct stat about {};
  if (::fstat(::fileno(file), &about) == 0 && S_ISDIR(about.st_mode))
    return user_error(fmt::format("\"{}\" is a folder, not a file", opened.path_));
  return opened;
}

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

/// Answers `message` when one follows.
delimited_reader::status delimited_reader::read_length() {
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const int byte = std::getc(file_.get());
    if (byte == EOF)
      return fail_unless_end(shift == 0 ? status::end : status::truncated);
    ++at_;
    length_ |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80 && length_ <= INT32_MAX)
      return status::message;
    if (byte < 0x80)
      break;
  }
  error_ = user_error(
      fmt::format("\"{}\" is damaged: at byte {} there is no message's length", path_, start_),
      "nothing behind it can be told apart; is it a file of length-delimited "
      "messages?");
  return status::failed;
}

delimited_reader::status delimited_reader::read_message() {
  while (message_.size() < length_) {
    const std::size_t size = std::min<std::size_t>(step, length_ - message_.size());
    if (read(size) < size)
      return fail_unless_end(status::truncated);
  }
  return status::message;
}

delimited_reader::status delimited_reader::skip_message() {
  if (read(kept_of_too_long) < std::min<std::uint64_t>(kept_of_too_long, length_))
    return fail_unless_end(status::truncated);
  const std::string head = message_;
  for (std::uint64_t left = length_ - head.size(); left > 0;) {
    message_.clear();
    const std::size_t size = std::min<std::uint64_t>(step, left);
    if (read(size) < size) {
      message_ = head;
      return fail_unless_end(status::truncated);
    }
    left -= size;
  }
  message_ = head;
  return status::too_long;
}

/// Appends up to `size` bytes of the message, and returns how many.
std::size_t delimited_reader::read(std::size_t size) {
  const std::size_t before = message_.size();
  message_.resize(before + std::min<std::uint64_t>(size, length_));
  const std::size_t got =
      std::fread(message_.data() + before, 1, message_.size() - before, file_.get());
  message_.resize(before + got);
  at_ += got;
  return got;
}

delimited_reader::status delimited_reader::fail_unless_end(status at_end) {
  if (!std::ferror(file_.get()))
    return at_end;
  error_ = external_error(fmt::format("cannot read \"{}\" at byte {}: {}", path_, at_,
                                      std::generic_category().message(errno)));
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
