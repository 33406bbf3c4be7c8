#include <leat/connectors/files/input_file.hpp>

#include <leat/connectors/files/input_files.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace leat {
namespace {

bool waits(const struct stat& about) { return !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode); }

} // namespace

bool may_wait(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && waits(about);
}

read_stop::read_stop() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0)
    throw failure(external_error("cannot make an event descriptor: " +
                                 std::generic_category().message(errno)));
}

read_stop::~read_stop() { ::close(descriptor_); }

void read_stop::request() const {
  const std::uint64_t one = 1;
  (void)!::write(descriptor_, &one, sizeof one); // it fails only where enough were requested
}

bool read_stop::requested() const {
  pollfd wanted{descriptor_, POLLIN, 0};
  return ::poll(&wanted, 1, 0) > 0;
}

result<input_file> input_file::open(const std::string& path,
                                    std::shared_ptr<const read_stop> stop) {
  int opened = -1;
  do // or a pipe would wait for a writer here, where nothing can end it
    opened = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (opened < 0 && errno == EINTR);
  input_file file{opened, false, std::move(stop)};
  struct stat about {};
  if (opened < 0 || ::fstat(opened, &about) != 0)
    return open_error(path, errno);
  if (S_ISDIR(about.st_mode))
    return user_error(fmt::format("\"{}\" is a folder, not a file", path));
  file.waits_ = waits(about);
  ::posix_fadvise(opened, 0, 0, POSIX_FADV_SEQUENTIAL); // advice only
  return file;
}

input_file& input_file::operator=(input_file&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(waits_, other.waits_);
  std::swap(stop_, other.stop_);
  return *this;
}

input_file::~input_file() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

ssize_t input_file::read(void* to, std::size_t size) {
  for (;;) {
    if (waits_) {
      pollfd wanted[] = {{descriptor_, POLLIN, 0}, {stop_ ? stop_->descriptor() : -1, POLLIN, 0}};
      if (::poll(wanted, 2, -1) < 0 && errno != EINTR)
        return -1;
      if (wanted[1].revents != 0)
        return 0;
      if (wanted[0].revents == 0)
        continue;
    }
    const ssize_t got = ::read(descriptor_, to, size);
    if (got >= 0 || (errno != EINTR && errno != EAGAIN))
      return got;
  }
}

result<void> input_file::seek(std::uint64_t to, const std::string& path) {
  struct stat about {};
  if (::fstat(descriptor_, &about) == 0 && S_ISREG(about.st_mode) &&
      to > static_cast<std::uint64_t>(about.st_size))
    return user_error(fmt::format("\"{}\" has only {} bytes, but was read up to byte {}", path,
                                  about.st_size, to),
                      "was the file replaced or cut since?");
  if (::lseek(descriptor_, static_cast<off_t>(to), SEEK_SET) < 0)
    return user_error(fmt::format("cannot go to byte {} of \"{}\": {}", to, path,
                                  std::generic_category().message(errno)),
                      "only a regular file can be read from the middle");
  return {};
}

bool input_file::ready() const {
  pollfd wanted{descriptor_, POLLIN, 0};
  return !waits_ || ::poll(&wanted, 1, 0) != 0;
}

} // namespace leat
