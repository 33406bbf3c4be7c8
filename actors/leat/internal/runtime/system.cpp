#include <leat/internal/runtime/system.hpp>

#include <leat/internal/runtime/worker_pool.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <mutex>
#include <thread>

namespace leat {

clock_time steady_clock::now() const {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

clock_time steady_clock::origin() const {
  static const clock_time at_start = [this] {
    const std::chrono::nanoseconds since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return since_1970.count() - now();
  }();
  return at_start;
}

std::size_t workers_of(const run_options& options) {
  return options.workers > 0 ? options.workers
                             : std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

caf::actor_system_config& configure(caf::actor_system_config& config, const run_options& options) {
  // A file of this name in the working directory is not ours to obey.
  config.load<worker_pool>();
  config.set("scheduler.max-throughput", std::size_t{30});
  config.set("scheduler.max-threads", workers_of(options));
  return config;
}

result<void> check_threads(std::size_t wanted) {
  std::mutex mutex;
  std::unique_lock all_started(mutex);
  std::vector<std::thread> threads;
  try {
    threads.reserve(wanted);
    while (threads.size() < wanted)
      threads.emplace_back([&mutex] { const std::lock_guard wait(mutex); });
  } catch (const std::exception&) { // no memory for its stack, or too many of them
  }
  const std::size_t started = threads.size();
  all_started.unlock();
  for (std::thread& t : threads)
    t.join();
  if (started == wanted)
    return {};
  return external_error(
      fmt::format("the job takes {} threads, and the system allows {} more", wanted, started),
      "raise the limits on processes and memory (ulimit -u, ulimit -v), or lower the number of "
      "workers");
}

std::size_t threads_of(std::size_t blocking, const run_options& options) {
  // the job's, the coordinator's, the network's, readers'
  constexpr std::size_t others = 12;
  return workers_of(options) + blocking + others;
}

} // namespace leat
