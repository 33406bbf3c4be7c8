#include <leat/connectors/files/dead_letter_file.hpp>

#include <leat/connectors/files/output_file.hpp>
#include <leat/detail/record/utf8.hpp>
#include <leat/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace leat {
namespace {

constexpr std::chrono::milliseconds between_looks{50};
constexpr std::chrono::seconds between_announcements{1};
constexpr std::string_view id_begins = R"(,"id":")";
constexpr std::string_view id_ends = R"("})";

std::string as_line(const dead_letter& letter) {
  std::string line;
  append_json_text(line += R"({"reason":)", letter.reason);
  append_json_text(line += R"(,"stage":)", letter.stage);
  append_json_text(line += R"(,"place":)", letter.place);
  if (!letter.node.empty())
    append_json_text(line += R"(,"node":)", letter.node);
  append_json_text(line += R"(,"raw":)", letter.raw);
  if (valid_utf8_length(letter.raw) != letter.raw.size())
    line += R"(,"raw_is_utf8":false)";
  if (!letter.id.empty()) // last, so that a torn line has none
    line += fmt::format("{}{}{}", id_begins, letter.id, id_ends);
  else
    line += '}';
  return line += '\n';
}

/// The id of a letter's line; empty if it has none. Within a text of JSON no quote stands without a
/// backslash before it.
std::string_view id_of(std::string_view line) {
  const auto begin = line.rfind(id_begins);
  if (begin == std::string_view::npos || !line.ends_with(id_ends))
    return {};
  line.remove_prefix(begin + id_begins.size());
  line.remove_suffix(id_ends.size());
  return line;
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

dead_letter_file::~dead_letter_file() {
  if (file_ >= 0)
    ::close(file_);
}

void dead_letter_file::put(dead_letter letter) {
  const std::string line = as_line(letter);
  std::unique_lock lock(mutex_);
  while (!put_now(letter, line))
    wait_for_room(lock);
}

/// The file is ours alone, as far as others ask: what one has written the next one finds.
class dead_letter_file::file_turn {
public:
  explicit file_turn(int file) : file_(file) {
    while (::flock(file_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~file_turn() { ::flock(file_, LOCK_UN); }
  file_turn(const file_turn&) = delete;
  file_turn& operator=(const file_turn&) = delete;

private:
  const int file_;
};

/// False if there is no room. An empty file takes any letter, or one larger than the cap would wait
/// for ever.
bool dead_letter_file::put_now(const dead_letter& letter, const std::string& line) {
  if (error_)
    throw failure(*error_);
  find_file();
  std::optional<file_turn> turn;
  if (!letter.id.empty()) {
    turn.emplace(file_);
    read_others();
    if (known_.contains(letter.id))
      return true;
  }
  if (size_ > 0 && size_ + line.size() > cap_)
    return false;
  write(line);
  ++count_;
  if (known_to_ == size_)
    known_to_ += line.size();
  size_ += line.size();
  if (turn)
    known_.insert(letter.id);
  unsynced_ = unsynced_ || turn;
  return true;
}

/// What was written before a file was moved away is synced with it.
void dead_letter_file::flush() {
  const std::lock_guard lock(mutex_);
  if (error_)
    throw failure(*error_);
  sync();
}

void dead_letter_file::sync() {
  if (file_ < 0 || !std::exchange(unsynced_, false))
    return;
  if (::fsync(file_) != 0)
    fail(write_error(path_, errno));
  if (const int code = sync_folder(folder_); code != 0 && code != ENOENT) // moved away as a whole
    fail(write_error(folder_, code));
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

/// Takes note of the ids that others have written since, or before us.
void dead_letter_file::read_others() {
  struct stat about {};
  if (::fstat(file_, &about) != 0)
    fail(write_error(path_, errno));
  size_ = static_cast<std::uint64_t>(about.st_size);
  known_to_ = std::min(known_to_, size_); // it was cut
  std::string text;
  std::array<char, 1 << 16> block{};
  while (known_to_ < size_) {
    const ssize_t got = ::pread(file_, block.data(), block.size(), static_cast<off_t>(known_to_));
    if (got < 0 && errno != EINTR)
      fail(write_error(path_, errno));
    if (got == 0)
      break;
    text.append(block.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    known_to_ += static_cast<std::uint64_t>(std::max<ssize_t>(got, 0));
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
      if (const auto id = id_of(std::string_view(text).substr(begin, end - begin)); !id.empty())
        known_.emplace(id);
      begin = end + 1;
    }
    text.erase(0, begin);
  }
  if (!text.empty()) { // torn by a process that was killed
    write("\n");
    known_to_ = ++size_;
  }
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
  known_.clear();
  known_to_ = 0;
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
  sync();
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
