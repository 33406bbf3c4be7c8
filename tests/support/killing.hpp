// Kills a process at one of its operations on files: replaces functions of the system, in all of
// the program that includes it.
#pragma once

#include <leat/error.hpp>

#include "support/catch.hpp"

#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace support {

inline constexpr int killed = 77; ///< the exit code of who was
inline int operations_left = -1;  ///< until then; below 0: for ever

inline void count_operation() {
  if (operations_left >= 0 && operations_left-- == 0)
    ::_exit(killed);
}

/// What is done in a child process, which is killed before its operation of this number. True if it
/// came to its end before.
inline bool ends_before(int operation, const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    operations_left = operation;
    try {
      work();
    } catch (const leat::failure& f) {
      std::fprintf(stderr, "%s\n", f.error().what.c_str());
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == killed));
  return WEXITSTATUS(status) == 0;
}

/// Bytes that a child process writes and its parent reads.
class shared_bytes {
public:
  void put(const std::string& bytes) {
    if (bytes.size() > sizeof all_->bytes)
      throw std::length_error("too much for shared memory");
    bytes.copy(all_->bytes, bytes.size());
    all_->size = bytes.size();
  }
  std::string get() const { return {all_->bytes, all_->size}; }

  shared_bytes()
      : all_(static_cast<content*>(::mmap(nullptr, sizeof(content), PROT_READ | PROT_WRITE,
                                          MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~shared_bytes() { ::munmap(all_, sizeof(content)); }
  shared_bytes(const shared_bytes&) = delete;
  shared_bytes& operator=(const shared_bytes&) = delete;

private:
  struct content {
    std::size_t size;
    char bytes[1 << 20];
  };
  content* all_;
};

} // namespace support

extern "C" {
__attribute__((used)) inline int fsync(int file) {
  support::count_operation();
  return static_cast<int>(::syscall(SYS_fsync, file));
}
__attribute__((used)) inline int fdatasync(int file) {
  support::count_operation();
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}
__attribute__((used)) inline int link(const char* from, const char* to) noexcept {
  support::count_operation();
  return static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}
__attribute__((used)) inline int unlink(const char* path) noexcept {
  support::count_operation();
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}
__attribute__((used)) inline int rename(const char* from, const char* to) noexcept {
  support::count_operation();
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
}
