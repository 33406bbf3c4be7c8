#include <leat/internal/cluster/file_cache.hpp>

#include <leat/quantities.hpp>
#include <leat/scoring/readers/sha256.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace leat {

namespace {

constexpr std::size_t digest_size = 64;
constexpr int most_tries = 8;
constexpr std::string_view partial_end = ".partial";

error cannot_write(const std::string& path) {
  return external_error(
      fmt::format("cannot write \"{}\": {}", path, std::generic_category().message(errno)),
      "--cache names another directory");
}

struct kept_file {
  std::filesystem::file_time_type used;
  std::string path;
  std::uint64_t bytes;
};

// What is complete, and what a killed worker has begun; anything else in the folder is not ours.
bool is_of_cache(std::string_view name) {
  const std::string_view end = name.substr(std::min(digest_size, name.size()));
  return is_digest(name.substr(0, digest_size)) && (end.empty() || end.ends_with(partial_end));
}

std::vector<kept_file> files_in(const std::string& folder) {
  std::vector<kept_file> all;
  std::error_code failed; // what another worker removes meanwhile is passed over
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    std::error_code gone;
    const bool ours = is_of_cache(at->path().filename().string()) &&
                      at->symlink_status(gone).type() == std::filesystem::file_type::regular;
    kept_file f{at->last_write_time(gone), at->path().string(), 0};
    f.bytes = ours ? at->file_size(gone) : 0;
    if (ours && !gone)
      all.push_back(std::move(f));
  }
  return all;
}

bool has_name(int file) {
  struct stat about {};
  return ::fstat(file, &about) == 0 && about.st_nlink > 0;
}

// Unless somebody uses it. Whoever has locked a file that has a name knows that it is that name's:
// no file takes the place of another, and none loses its name without this lock.
bool remove_unused(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0)
    return false;
  const bool removed =
      ::flock(file, LOCK_EX | LOCK_NB) == 0 && has_name(file) && ::unlink(path.c_str()) == 0;
  ::close(file);
  return removed;
}

} // namespace

bool is_digest(std::string_view text) {
  return text.size() == digest_size && text.find_first_not_of("0123456789abcdef") == text.npos;
}

file_cache::held_file::~held_file() {
  if (file_ >= 0)
    ::close(file_);
}

// On a file system without locks nothing is ever removed, either.
bool file_cache::held_file::lock() const {
  if (file_ < 0)
    return false;
  while (::flock(file_, LOCK_SH) != 0 && errno == EINTR) {
  }
  return has_name(file_);
}

// A file that is gone unless it has appeared under its real name. Its temporary name is its own:
// two containers may share a folder, and have the same process ids.
class file_cache::arriving_file {
public:
  explicit arriving_file(const std::string& path) : path_(path), file_(create(path, partial_)) {}
  ~arriving_file() { ::unlink(partial_.c_str()); }
  arriving_file(const arriving_file&) = delete;
  arriving_file& operator=(const arriving_file&) = delete;

  bool is_open() const { return file_.get() >= 0; }
  bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return true;
  }
  /// Under its real name, unless there is a file of that name.
  bool appear() const { return ::link(partial_.c_str(), path_.c_str()) == 0; }
  held_file release() { return std::move(file_); }

private:
  // Again, if another worker took it for the leftover of a killed one before it was locked.
  static held_file create(const std::string& path, std::string& partial) {
    for (;;) {
      partial = fmt::format("{}.XXXXXX{}", path, partial_end);
      const int size = static_cast<int>(partial_end.size());
      held_file file(::mkostemps(partial.data(), size, O_CLOEXEC));
      if (file.get() < 0 || file.lock())
        return file;
    }
  }

  std::string path_;
  std::string partial_;
  held_file file_;
};

file_cache::file_cache(std::string folder, std::uint64_t cap)
    : folder_(std::move(folder)), cap_(cap) {
  std::error_code failed; // seen when a file is written
  std::filesystem::create_directories(folder_, failed);
}

std::optional<std::string> file_cache::find(const shipped_file& f) {
  const std::string path = path_of(f);
  held_file file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.lock() || !is_this_file(path, f))
    return {};
  ::futimens(file.get(), nullptr); // used now
  use(std::move(file), f.bytes);
  return path;
}

result<void> file_cache::make_room(std::uint64_t bytes) {
  const std::uint64_t room = cap_ - std::min(cap_, used_bytes_);
  if (bytes > room)
    return user_error(fmt::format("the job sends {} bytes of files, and the cache has room for {}",
                                  grouped(bytes), grouped(room)),
                      "raise --cache-cap of this worker");
  auto all = files_in(folder_);
  std::ranges::sort(all, {}, &kept_file::used);
  std::uint64_t kept = 0;
  for (const kept_file& f : all)
    kept += f.bytes;
  for (const kept_file& f : all)
    if (kept > cap_ - bytes && remove_unused(f.path))
      kept -= f.bytes;
  return {};
}

result<std::string> file_cache::receive(tls_link& from, const shipped_file& f,
                                        std::chrono::milliseconds patience) {
  const std::string path = path_of(f);
  arriving_file file(path);
  if (!file.is_open())
    return cannot_write(path);
  sha256 digest;
  for (std::uint64_t left = f.bytes; left > 0;) {
    const auto chunk = from.receive(within(patience));
    if (!chunk)
      return chunk.error();
    if (chunk->size() > left)
      return external_error(fmt::format("{} of the coordinator is longer than it was", f.path));
    left -= chunk->size();
    digest.update(*chunk);
    if (!file.write(*chunk))
      return cannot_write(path);
  }
  if (digest.hex() != f.sha256)
    return external_error(
        fmt::format("{} of the coordinator did not arrive as it was sent", f.path));
  for (int tries = 0; !file.appear(); ++tries) {
    if (errno != EEXIST || tries == most_tries)
      return cannot_write(path);
    if (auto of_another = find(f)) // who was faster
      return std::move(*of_another);
    remove_unused(path); // it is corrupt
  }
  use(file.release(), f.bytes);
  return path;
}

void file_cache::use(held_file file, std::uint64_t bytes) {
  used_.push_back(std::move(file));
  used_bytes_ += bytes;
}

} // namespace leat
