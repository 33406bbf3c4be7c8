// Limits of the system, for processes of their own.
#pragma once

#include <fstream>
#include <functional>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace support {

/// What this returns in a process that may map 256 MiB more than it has: an exit code. -1 if that
/// process ends otherwise, or hangs for half a minute.
inline int with_little_memory(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    std::ifstream pages("/proc/self/statm");
    rlim_t used = 0;
    pages >> used;
    const rlim_t most = used * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (256U << 20);
    const rlimit limited{most, most};
    ::setrlimit(RLIMIT_AS, &limited);
    ::_exit(body());
  }
  int status = 0;
  const bool ended = ::waitpid(child, &status, 0) == child && WIFEXITED(status);
  return ended ? WEXITSTATUS(status) : -1;
}

} // namespace support
