#include <leat/detail/runtime/process_usage.hpp>

#include <charconv>
#include <fstream>
#include <string>
#include <sys/resource.h>

namespace leat {

namespace {

constexpr std::int64_t nanoseconds_in_second = 1'000'000'000;

clock_time as_time(const timeval& t) {
  return t.tv_sec * nanoseconds_in_second + t.tv_usec * std::int64_t{1000};
}

// Not ru_maxrss: a process inherits that of the one which started it.
std::uint64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string name, value; status >> name && std::getline(status, value);)
    if (name == "VmHWM:") {
      const auto digits = value.find_first_not_of(" \t");
      std::uint64_t kib = 0;
      if (digits != value.npos)
        std::from_chars(value.data() + digits, value.data() + value.size(), kib);
      return kib * 1024;
    }
  return 0;
}

} // namespace

process_usage own_usage() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return {as_time(used.ru_utime) + as_time(used.ru_stime), peak_memory()};
}

} // namespace leat
