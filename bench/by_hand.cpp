#include "by_hand.hpp"

#include <leat/detail/stage/histogram.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace bench {

namespace {
using time = std::chrono::steady_clock;
std::int64_t now() { return time::now().time_since_epoch().count(); }
} // namespace

double virtual_loop(std::uint64_t count, std::uint64_t& sum) {
  const auto to = map_filter_sum(sum);
  const std::int64_t start = now();
  for (std::uint64_t n = 0; n < count; ++n)
    to->push(generate(n));
  return static_cast<double>(now() - start) * 1e-9;
}

latencies two_threads(std::uint64_t count, double rate, waiting how) {
  std::mutex mutex;
  std::condition_variable some;
  std::deque<std::pair<item, std::int64_t>> queue;
  bool done = false;
  leat::histogram measured;
  std::uint64_t sum = 0;

  std::thread reader([&] {
    std::deque<std::pair<item, std::int64_t>> taken;
    for (;;) {
      {
        std::unique_lock lock(mutex);
        some.wait(lock, [&] { return done || !queue.empty(); });
        if (queue.empty())
          return;
        taken.swap(queue);
      }
      for (const auto& [record, due] : taken) {
        const item m = mapped(record);
        if (kept(m))
          sum += weight(m);
        measured.add(now() - due);
      }
      taken.clear();
    }
  });
  const std::int64_t start = now();
  for (std::uint64_t n = 0; n < count; ++n) {
    const auto due = start + static_cast<std::int64_t>(static_cast<double>(n) / rate * 1e9);
    if (how == waiting::asleep && now() < due)
      std::this_thread::sleep_until(time::time_point(std::chrono::nanoseconds{due}));
    while (now() < due) {
    }
    {
      const std::lock_guard lock(mutex);
      queue.emplace_back(generate(n), due);
    }
    some.notify_one();
  }
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  some.notify_one();
  reader.join();
  if (sum == 42)
    std::this_thread::yield(); // keeps the sum alive
  return {static_cast<double>(measured.quantile(0.5)) * 1e-3,
          static_cast<double>(measured.quantile(0.99)) * 1e-3};
}

} // namespace bench
