#include "memory.hpp"

#include "pipelines.hpp"

#include <chrono>
#include <fstream>
#include <unistd.h>

namespace bench {

namespace {

/// Works for a microsecond on each record, as a device would.
struct busy_sink {
  static constexpr bool blocking = true;
  std::uint64_t* taken;

  void write(std::span<const item> records) {
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::microseconds{static_cast<std::int64_t>(records.size())};
    while (std::chrono::steady_clock::now() < until) {
    }
    *taken += records.size();
  }
};

} // namespace

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

slow_sink_figures slow_sink(std::uint64_t count) {
  std::uint64_t taken = 0;
  leat::graph g("slow-sink");
  g.from("source", item_source{count}).to("sink", busy_sink{&taken});
  auto j = leat::job::start(std::move(g));
  if (!j)
    throw leat::failure(j.error());
  j->wait_for(std::chrono::milliseconds{50}); // warm-up
  const double before = resident_mib();
  double highest = before;
  while (!j->wait_for(std::chrono::milliseconds{10}))
    highest = std::max(highest, resident_mib());
  const auto elapsed = static_cast<double>(j->metrics().elapsed.count());
  return {highest - before, static_cast<double>(taken) * 1000 / elapsed};
}

} // namespace bench
