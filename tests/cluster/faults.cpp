// To be preloaded: has a process killed, or its calls fail, at operations on files of a kind.
// LEAT_FAULT=CALL:PATH:FIRST:LAST:WHAT, such as link:/log/:3:3:kill. CALL is fsync, write, link,
// rename, unlink or open (for writing), PATH is part of a path, the operations are counted in each
// process, and WHAT is kill, kill-after or a number of errno. LEAT_FAULT_MARK is a file that the
// first kill creates; no other one follows. LEAT_HOST is the name of the host.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace {

struct fault {
  std::string call, path, what;
  long first = 0, last = 0;
  std::atomic<long> count{0};

  fault() {
    const char* const given = std::getenv("LEAT_FAULT");
    std::string part;
    std::vector<std::string> parts;
    for (std::istringstream all(given ? given : ""); std::getline(all, part, ':');)
      parts.push_back(part);
    if (parts.size() != 5)
      return;
    call = parts[0], path = parts[1], what = parts[4];
    first = std::stol(parts[2]), last = std::stol(parts[3]);
  }

  bool hits(const char* made, const char* on) {
    if (call != made || std::strstr(on, path.c_str()) == nullptr)
      return false;
    const long number = ++count;
    return first <= number && number <= last && (!what.starts_with("kill") || is_first());
  }

  // Of all processes that got the same mark.
  static bool is_first() {
    const char* const mark = std::getenv("LEAT_FAULT_MARK");
    return !mark || ::mknod(mark, S_IFREG | 0644, 0) == 0;
  }
};

fault& the_fault() {
  static fault one;
  return one;
}

template <class F>
F original(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

// An operation on this path, which is -1 on an error.
template <class Operation>
auto performed(const char* call, const char* path, Operation operation) -> decltype(operation()) {
  fault& f = the_fault();
  if (!f.hits(call, path))
    return operation();
  if (f.what == "kill-after")
    (void)operation();
  if (f.what.starts_with("kill"))
    (void)::raise(SIGKILL);
  errno = std::stoi(f.what);
  return -1;
}

std::string path_of(int file) {
  char name[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t size = ::readlink(link.c_str(), name, sizeof name);
  return size > 0 ? std::string(name, static_cast<std::size_t>(size)) : std::string();
}

} // namespace

extern "C" {

int fsync(int file) {
  return performed("fsync", path_of(file).c_str(),
                   [=] { return original<int (*)(int)>("fsync")(file); });
}

// As SQLite does.
int fdatasync(int file) {
  return performed("fsync", path_of(file).c_str(),
                   [=] { return original<int (*)(int)>("fdatasync")(file); });
}

ssize_t write(int file, const void* bytes, size_t size) {
  const auto call = original<ssize_t (*)(int, const void*, size_t)>("write");
  if (the_fault().call != "write")
    return call(file, bytes, size);
  return performed("write", path_of(file).c_str(), [=] { return call(file, bytes, size); });
}

int link(const char* from, const char* to) noexcept {
  return performed("link", to,
                   [=] { return original<int (*)(const char*, const char*)>("link")(from, to); });
}

int rename(const char* from, const char* to) noexcept {
  return performed("rename", to,
                   [=] { return original<int (*)(const char*, const char*)>("rename")(from, to); });
}

int unlink(const char* path) noexcept {
  return performed("unlink", path, [=] { return original<int (*)(const char*)>("unlink")(path); });
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  const auto call = [=] {
    return original<int (*)(const char*, int, ...)>("open")(path, flags, mode);
  };
  return (flags & O_ACCMODE) == O_RDONLY ? call() : performed("open", path, call);
}

int gethostname(char* name, size_t size) noexcept {
  const char* const given = std::getenv("LEAT_HOST");
  if (!given)
    return original<int (*)(char*, size_t)>("gethostname")(name, size);
  std::snprintf(name, size, "%s", given);
  return 0;
}

} // extern "C"
