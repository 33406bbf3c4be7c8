#include <leat/sinks/output_file.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace leat {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// The file that `path` leads to, through symbolic links; `path` itself when there is none yet.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real{::realpath(path.c_str(), nullptr),
                                                         std::free};
  return real ? real.get() : path;
}

} // namespace

error write_error(const std::string& path, int code) {
  const std::string what = fmt::format("cannot write \"{}\": ", path);
  const std::string folder = folder_of(path);
  switch (code) {
  case ENOENT:
    return user_error(what + fmt::format("there is no folder \"{}\"", folder),
                      "create the folder first");
  case ENOTDIR:
    return user_error(what + fmt::format("\"{}\" is not a folder", folder), "choose another path");
  case EACCES:
  case EPERM:
    return user_error(
        what + "permission denied",
        fmt::format("the folder \"{}\" must be writable for the user who runs this", folder));
  case EROFS:
    return user_error(what + "the file system is read-only", "choose another folder");
  case EFBIG:
    return user_error(what + "the file is larger than the system allows",
                      "see ulimit -f, or write to another file system");
  case ENOSPC:
    return external_error(what + "the disk is full", "free some space, or choose another folder");
  case EDQUOT:
    return external_error(what + "the disk quota is used up",
                          "free some space, or choose another folder");
  default:
    return external_error(what + std::generic_category().message(code));
  }
}

result<output_file> output_file::create(const std::string& path) {
  std::string target = resolved(path);
  if (target.empty() || target.back() == '/')
    return user_error(fmt::format("cannot write \"{}\": it names no file", path),
                      "give a file's name");
  struct stat about {};
  if (::stat(target.c_str(), &about) == 0 && !S_ISREG(about.st_mode))
    return user_error(fmt::format("cannot write \"{}\": it is {}", path,
                                  S_ISDIR(about.st_mode) ? "a folder" : "not a regular file"),
                      "an output file replaces what has its name: choose another one");

  // A killed process with our number may have left a file, and this process may write the same
  // target twice: the first free number is ours.
  for (int number = 0;; ++number) {
    std::string temporary = fmt::format("{}.partial-{}-{}", target, ::getpid(), number);
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0)
      return output_file{std::move(target), std::move(temporary), file};
    if (errno != EEXIST && errno != EINTR)
      return write_error(path, errno);
  }
}

output_file::output_file(std::string path, std::string temporary, int file)
    : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {
  buffer_.reserve(block);
}

output_file::output_file(output_file&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)),
      file_(std::exchange(other.file_, -1)), buffer_(std::move(other.buffer_)),
      error_(std::move(other.error_)) {}

output_file& output_file::operator=(output_file&& other) noexcept {
  if (this != &other) {
    discard();
    path_ = std::move(other.path_);
    temporary_ = std::move(other.temporary_);
    file_ = std::exchange(other.file_, -1);
    buffer_ = std::move(other.buffer_);
    error_ = std::move(other.error_);
  }
  return *this;
}

output_file::~output_file() { discard(); }

/// Gives up a file that is not complete.
void output_file::discard() {
  if (file_ < 0)
    return;
  ::close(std::exchange(file_, -1));
  ::unlink(temporary_.c_str());
}

result<void> output_file::fail(int code) {
  error_ = write_error(path_, code);
  return *error_;
}

result<void> output_file::append_block(std::string_view bytes) {
  if (auto flushed = flush(); !flushed)
    return flushed;
  if (bytes.size() >= block)
    return write(bytes);
  buffer_ += bytes;
  return {};
}

result<void> output_file::flush() {
  if (error_)
    return *error_;
  if (auto written = write(buffer_); !written)
    return written;
  buffer_.clear();
  return {};
}

result<void> output_file::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      return fail(errno);
    if (written > 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

result<void> output_file::complete() {
  if (auto flushed = flush(); !flushed)
    return flushed;
  if (::fsync(file_) != 0)
    return fail(errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    return fail(errno);
  const bool closed = ::close(std::exchange(file_, -1)) == 0;
  const int code = errno;
  error_ = internal_error(fmt::format("\"{}\" is complete: nothing can be added to it", path_));
  if (!closed)
    return fail(code);
  return sync_folder();
}

/// Makes the new name as durable as the bytes.
result<void> output_file::sync_folder() {
  const int folder = ::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return fail(errno);
  const bool synced = ::fsync(folder) == 0;
  const int code = errno;
  ::close(folder);
  if (!synced && code != EINVAL) // EINVAL: a file system without folders to sync
    return fail(code);
  return {};
}

} // namespace leat
