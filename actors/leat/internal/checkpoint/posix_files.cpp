#include <leat/internal/checkpoint/posix_files.hpp>

#include <leat/connectors/files/output_file.hpp>

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

/// A file that is closed with its owner.
class open_file {
public:
  explicit open_file(int number) : number_(number) {}
  ~open_file() {
    if (number_ >= 0)
      ::close(number_);
  }
  open_file(open_file&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  open_file& operator=(open_file&&) = delete;

  explicit operator bool() const { return number_ >= 0; }
  int get() const { return number_; }

private:
  int number_;
};

int write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(count));
    else if (errno != EINTR)
      return errno;
  }
  return 0;
}

/// The rest of a file. False with errno set.
bool read_all(int file, std::string& content) {
  for (;;) {
    const std::size_t before = content.size();
    content.resize(std::max(before + before / 2, before + 4096));
    const ssize_t count = ::read(file, content.data() + before, content.size() - before);
    content.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0)
      return true;
    if (count < 0 && errno != EINTR)
      return false;
  }
}

class posix_new_file final : public new_file {
public:
  posix_new_file(std::string path, open_file file)
      : path_(std::move(path)), file_(std::move(file)) {}

  result<void> append(std::string_view bytes) override {
    if (const int code = write_all(file_.get(), bytes); code != 0)
      return write_error(path_, code);
    return {};
  }

  result<void> sync() override {
    if (::fsync(file_.get()) != 0)
      return write_error(path_, errno);
    return {};
  }

private:
  std::string path_;
  open_file file_;
};

class posix_lock final : public file_lock {
public:
  explicit posix_lock(open_file file) : file_(std::move(file)) {}

private:
  open_file file_;
};

bool same_file(const std::string& a, const std::string& b) {
  struct stat of_a {};
  struct stat of_b {};
  return ::lstat(a.c_str(), &of_a) == 0 && ::lstat(b.c_str(), &of_b) == 0 &&
         of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

} // namespace

result<void> posix_files::make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0 || errno == EEXIST)
    return {};
  return write_error(path, errno);
}

result<std::unique_ptr<new_file>> posix_files::create(const std::string& path) {
  open_file file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file)
    return write_error(path, errno);
  return std::unique_ptr<new_file>(std::make_unique<posix_new_file>(path, std::move(file)));
}

// A file server may have given the name, lost the answer and been asked again: then the name is
// "taken" by this very file.
result<bool> posix_files::link(const std::string& file, const std::string& name) {
  if (::link(file.c_str(), name.c_str()) == 0)
    return true;
  if (errno == EEXIST)
    return same_file(file, name);
  return write_error(name, errno);
}

result<void> posix_files::remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT)
    return {};
  if (errno == EISDIR && (::rmdir(path.c_str()) == 0 || errno == ENOENT))
    return {};
  return external_error(
      fmt::format("cannot remove \"{}\": {}", path, std::generic_category().message(errno)));
}

result<void> posix_files::sync_folder(const std::string& path) {
  const open_file folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder && (::fsync(folder.get()) == 0 || errno == EINVAL)) // EINVAL: it has no need
    return {};
  return write_error(path, errno);
}

result<std::string> posix_files::read(const std::string& path) {
  const open_file file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (!file || ::fstat(file.get(), &about) != 0)
    return read_error(path, errno);
  std::string content;
  content.reserve(static_cast<std::size_t>(about.st_size) + 4096);
  if (!read_all(file.get(), content))
    return read_error(path, errno);
  return content;
}

result<std::vector<std::string>> posix_files::list(const std::string& path) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(path, failed), end; !failed && at != end;
       at.increment(failed))
    names.push_back(at->path().filename().string());
  if (failed)
    return read_error(path, failed.value());
  std::sort(names.begin(), names.end());
  return names;
}

result<std::unique_ptr<file_lock>> posix_files::lock(const std::string& path,
                                                     const std::string& holder) {
  open_file file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file)
    return write_error(path, errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return std::unique_ptr<file_lock>();
    std::string other;
    (void)read_all(file.get(), other);
    return locked_error(path, other);
  }
  if (::ftruncate(file.get(), 0) == 0)
    (void)write_all(file.get(), holder); // who holds it helps people, but nothing depends on it
  return std::unique_ptr<file_lock>(std::make_unique<posix_lock>(std::move(file)));
}

} // namespace leat
