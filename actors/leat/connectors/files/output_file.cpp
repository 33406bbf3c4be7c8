#include <leat/connectors/files/output_file.hpp>

#include <leat/file_use.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
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

constexpr std::string_view temporary_mark = ".partial-";

/// Locks a file that was just created; false if it was taken for a leftover meanwhile. On a file
/// system without locks none is ever taken for one.
bool locked(int file) {
  struct stat about {};
  while (::flock(file, LOCK_EX) != 0 && errno == EINTR) {
  }
  return ::fstat(file, &about) == 0 && about.st_nlink > 0;
}

/// Removes the file unless somebody has locked it.
bool removed_if_left(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0)
    return false;
  const bool left = ::flock(file, LOCK_EX | LOCK_NB) == 0 && ::unlink(path.c_str()) == 0;
  ::close(file);
  return left;
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

int sync_folder(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0)
    return errno;
  const int code = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  return code == EINVAL ? 0 : code; // EINVAL: a file system without folders to sync
}

result<output_file> output_file::create(const std::string& path) {
  if (path.empty() || path.back() == '/')
    return user_error(fmt::format("cannot write \"{}\": it names no file", path),
                      "give a file's name");
  std::string target = canonical_path(path);
  struct stat about {};
  if (::stat(target.c_str(), &about) == 0 && !S_ISREG(about.st_mode))
    return user_error(fmt::format("cannot write \"{}\": it is {}", path,
                                  S_ISDIR(about.st_mode) ? "a folder" : "not a regular file"),
                      "an output file replaces what has its name: choose another one");

  // A killed process with our number may have left a file, and this process may write the same
  // target twice: the first free number is ours.
  for (int number = 0;; ++number) {
    std::string temporary = fmt::format("{}{}{}-{}", target, temporary_mark, ::getpid(), number);
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0 && locked(file))
      return output_file{path, std::move(target), std::move(temporary), file};
    if (file >= 0)
      ::close(file);
    else if (errno != EEXIST && errno != EINTR)
      return write_error(std::filesystem::is_symlink(path) ? target : path, errno);
  }
}

std::vector<std::string> output_file::remove_leftovers(const std::string& path) {
  const std::filesystem::path target = canonical_path(path);
  const std::string begin = target.filename().string() + std::string(temporary_mark);
  std::vector<std::string> removed;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(target.parent_path(), failed), end;
       !failed && at != end; at.increment(failed))
    if (at->path().filename().string().starts_with(begin) && removed_if_left(at->path().string()))
      removed.push_back(at->path().string());
  std::sort(removed.begin(), removed.end());
  return removed;
}

output_file::output_file(std::string name, std::string path, std::string temporary, int file)
    : name_(std::move(name)), path_(std::move(path)), temporary_(std::move(temporary)),
      file_(file) {
  buffer_.reserve(block);
}

output_file::output_file(output_file&& other) noexcept
    : name_(std::move(other.name_)), path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)), file_(std::exchange(other.file_, -1)),
      buffer_(std::move(other.buffer_)), error_(std::move(other.error_)) {}

output_file& output_file::operator=(output_file&& other) noexcept {
  if (this != &other) {
    discard();
    name_ = std::move(other.name_);
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
  error_ = write_error(name_, code);
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
  if (auto prepared = prepare(); !prepared)
    return prepared;
  return commit();
}

result<void> output_file::prepare() {
  if (auto flushed = flush(); !flushed)
    return flushed;
  if (::fsync(file_) != 0)
    return fail(errno);
  buffer_ = {}; // many prepared files may wait
  return {};
}

result<void> output_file::complete_as(std::string path) {
  path_ = std::move(path);
  return complete();
}

result<void> output_file::commit() {
  if (error_)
    return *error_;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    return fail(errno);
  const bool closed = ::close(std::exchange(file_, -1)) == 0;
  const int code = errno;
  error_ = internal_error(fmt::format("\"{}\" is complete: nothing can be added to it", name_));
  if (!closed)
    return fail(code);
  if (const int unsynced = sync_folder(folder_of(path_)); unsynced != 0)
    return fail(unsynced);
  return {};
}

} // namespace leat
