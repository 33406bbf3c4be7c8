#include <leat/connectors/files/dead_letter_file.hpp>

#include <leat/connectors/files/output_file.hpp>
#include <leat/detail/record/utf8.hpp>
#include <leat/json.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace leat {
namespace {

constexpr std::chrono::milliseconds between_looks{50};
constexpr std::chrono::seconds between_announcements{1};

std::string as_line(const dead_letter& letter) {
  std::string line;
  append_json_text(line += R"({"reason":)", letter.reason);
  append_json_text(line += R"(,"stage":)", letter.stage);
  append_json_text(line += R"(,"place":)", letter.place);
  append_json_text(line += R"(,"raw":)", letter.raw);
  if (valid_utf8_length(letter.raw) != letter.raw.size())
    line += R"(,"raw_is_utf8":false)";
  return line += "}\n";
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t mib = 1 << 20;
  return bytes > 0 && bytes % mib == 0 ? fmt::format("{} MiB", bytes / mib)
                                       : fmt::format("{} bytes", bytes);
}

} // namespace

void announce_on_stderr(std::string_view text) { fmt::print(stderr, "{}\n", text); }

dead_letter_file::dead_letter_file(std::string folder, std::uint64_t cap, announcement announce)
    : folder_(std::move(folder)),
      path_((std::filesystem::path{folder_} / "dead-letters.jsonl").string()), cap_(cap),
      announce_(std::move(announce)) {}

dead_letter_file::~dead_letter_file() { close_file(); }

void dead_letter_file::put(dead_letter letter) {
  const std::string line = as_line(letter);
  std::unique_lock lock(mutex_);
  while (!has_room(line.size()))
    wait_for_room(lock);
  write(line);
  ++count_;
}

void dead_letter_file::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  abandoned_now_.notify_all();
}

void dead_letter_file::resume() {
  const std::lock_guard lock(mutex_);
  abandoned_ = false;
}

/// An empty file takes any letter, or one larger than the cap would wait for ever.
bool dead_letter_file::has_room(std::size_t bytes) {
  if (error_)
    throw failure(*error_);
  find_file();
  return size_ == 0 || size_ + bytes <= cap_;
}

/// Looks whether the file we have is still the one of this name, and how large it is.
void dead_letter_file::find_file() {
  struct stat ours {};
  struct stat named {};
  const bool same = file_ >= 0 && ::fstat(file_, &ours) == 0 &&
                    ::stat(path_.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
                    ours.st_ino == named.st_ino;
  if (!same)
    open_file();
  else
    size_ = static_cast<std::uint64_t>(ours.st_size);
}

void dead_letter_file::open_file() {
  close_file();
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  if (failed)
    fail(write_error(path_, failed.value()));
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  struct stat about {};
  if (file_ < 0 || ::fstat(file_, &about) != 0)
    fail(write_error(path_, errno));
  if (!S_ISREG(about.st_mode))
    fail(user_error(fmt::format("cannot write \"{}\": it is not a regular file", path_),
                    "choose another folder for dead letters"));
  size_ = static_cast<std::uint64_t>(about.st_size);
  end_torn_line();
}

/// A process that was killed may have left half a line: it must not spoil ours.
void dead_letter_file::end_torn_line() {
  char last = '\n';
  if (size_ > 0 && ::pread(file_, &last, 1, static_cast<off_t>(size_ - 1)) < 0)
    fail(write_error(path_, errno));
  if (last != '\n')
    write("\n");
}

void dead_letter_file::close_file() {
  if (file_ >= 0)
    ::close(std::exchange(file_, -1));
}

void dead_letter_file::wait_for_room(std::unique_lock<std::mutex>& lock) {
  if (abandoned_)
    throw failure(user_error(
        fmt::format("dead letters: \"{}\" is full ({}), and the job ends", path_, size_text(cap_)),
        "move it away or raise --dead-letter-cap"));
  const auto now = std::chrono::steady_clock::now();
  if (now >= quiet_until_) {
    quiet_until_ = now + between_announcements;
    lock.unlock(); // who listens may be slow
    announce_(fmt::format("dead letters: \"{}\" is full ({}): move it away or raise "
                          "--dead-letter-cap; the job waits",
                          path_, size_text(cap_)));
    lock.lock();
  }
  abandoned_now_.wait_for(lock, between_looks, [this] { return abandoned_; });
}

void dead_letter_file::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      fail(write_error(path_, errno));
    if (written > 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void dead_letter_file::fail(error e) {
  error_ = std::move(e);
  throw failure(*error_);
}

} // namespace leat
