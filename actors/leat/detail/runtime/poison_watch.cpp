#include <leat/detail/runtime/poison_watch.hpp>

#include <leat/connectors/files/output_file.hpp>
#include <leat/detail/record/key.hpp>
#include <leat/detail/record/plain_bytes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace leat {

namespace {

using cause = std::array<char, 96>; ///< a text, cut, and ended by 0

void write(cause& to, std::string_view why) {
  const std::size_t size = std::min(why.size(), to.size() - 1);
  std::memcpy(to.data(), why.data(), size);
  to[size] = '\0';
}

poison_watch::record_id id_of(std::string_view bytes) {
  return std::max<std::uint64_t>(detail::hash_bytes(bytes.data(), bytes.size()), 1);
}

} // namespace

// The file as it is. Zeros are an empty one.
struct poison_watch::page {
  struct known_record {
    record_id id;
    std::uint64_t times;
    cause last;
  };

  std::uint64_t writer; ///< see this_program()
  std::atomic<record_id> at;
  std::atomic<std::uint32_t> blamed; ///< 1: the attempt failed in this subtask
  std::uint32_t has_failed;          ///< 1: one before did
  std::uint64_t unnoted;             ///< 1: the last one to do so noted no record
  cause why;
  std::array<known_record, 32> known; ///< those that have been blamed
};

namespace {

// Differs from that of another program, which may do better: it begins with nothing known.
std::uint64_t this_program() {
  struct stat about {};
  ::stat("/proc/self/exe", &about);
  std::string bytes;
  put_plain(bytes, about.st_size), put_plain(bytes, about.st_mtim.tv_sec);
  put_plain(bytes, about.st_mtim.tv_nsec);
  return id_of(bytes);
}

// Read by a handler of signals, in its own thread.
__attribute__((tls_model("initial-exec"))) thread_local poison_watch* volatile running = nullptr;

const char* name_of(int signal) {
  switch (signal) {
  case SIGSEGV:
    return "it ended the process by SIGSEGV";
  case SIGBUS:
    return "it ended the process by SIGBUS";
  case SIGFPE:
    return "it ended the process by SIGFPE";
  case SIGILL:
    return "it ended the process by SIGILL";
  default:
    return "it ended the process by SIGABRT";
  }
}

} // namespace

poison_watch::record_id poison_watch::id_of(const rows& from, std::size_t i) {
  std::string bytes;
  if (from.envelopes.stamped())
    put_plain(bytes, from.envelopes.stamp_of(i));
  else if (from.type().text)
    bytes = from.type().text(from.record(i));
  else
    return 0;
  return leat::id_of(bytes);
}

poison_watch::record_id poison_watch::id_of(std::uint32_t split, std::uint64_t position) {
  std::string bytes;
  put_plain(bytes, split), put_plain(bytes, position);
  return leat::id_of(bytes);
}

result<std::unique_ptr<poison_watch>> poison_watch::open(const std::string& path,
                                                         std::size_t times) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0)
    return write_error(path, errno);
  // All of it is on the disk: a page that finds no room later would end the process.
  const int code = ::posix_fallocate(file, 0, sizeof(page));
  void* const mapped =
      code != 0 ? MAP_FAILED
                : ::mmap(nullptr, sizeof(page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  const int why = code != 0 ? code : errno;
  ::close(file);
  if (mapped == MAP_FAILED)
    return write_error(path, why);
  return std::unique_ptr<poison_watch>(new poison_watch(static_cast<page*>(mapped), times));
}

poison_watch::poison_watch(page* mapped, std::size_t times) : page_(mapped), times_(times) {
  static const std::uint64_t own = this_program();
  if (page_->writer != own)
    std::memset(static_cast<void*>(page_), 0, sizeof(page));
  page_->writer = own;
  page_->has_failed |= page_->blamed;
  on_ = page_->has_failed != 0;
  count_last();
}

poison_watch::~poison_watch() { ::munmap(page_, sizeof(page)); }

// A failure that noted no record is put down to the next record that is noted. The most frequent
// ones come first; the last one makes room.
void poison_watch::count_last() {
  const record_id at = page_->at.exchange(0);
  if (page_->blamed.exchange(0) == 0)
    return;
  if (at == 0) {
    page_->unnoted = 1;
    return;
  }
  auto& known = page_->known;
  auto found = std::ranges::find(known, at, &page::known_record::id);
  if (found == known.end())
    *--found = {at, 0, {}};
  found->times += 1 + std::exchange(page_->unnoted, 0);
  found->last = page_->why;
  std::ranges::stable_sort(known, std::ranges::greater{}, &page::known_record::times);
}

std::optional<std::string> poison_watch::verdict(record_id r) const {
  const auto found = std::ranges::find(page_->known, r, &page::known_record::id);
  if (r == 0 || found == page_->known.end() || found->times < times_)
    return {};
  return fmt::format("poison record: it has brought down its stage {} times, the last time: {}",
                     found->times, found->last.data());
}

void poison_watch::begin(record_id r) { page_->at.store(r, std::memory_order_relaxed); }

void poison_watch::blame(std::string_view why) {
  write(page_->why, why);
  page_->blamed = 1;
}

poison_watch::turn::turn(poison_watch* of) { running = of; }
poison_watch::turn::~turn() { running = nullptr; }

void blame_for_signal(int signal) noexcept {
  if (poison_watch* const watch = running)
    watch->blame(name_of(signal));
}

} // namespace leat
