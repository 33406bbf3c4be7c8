#include <leat/internal/runtime/alarm.hpp>

#include "support/catch.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace {

// Threads that sleep once each, and how many of them were woken.
struct sleepers {
  leat::alarm a;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t woken = 0;
  std::vector<std::thread> threads;

  explicit sleepers(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      threads.emplace_back([this] {
        a.sleep();
        const std::lock_guard lock(mutex);
        ++woken;
        changed.notify_all();
      });
  }
  ~sleepers() {
    for (std::thread& t : threads)
      t.join();
  }
  std::size_t wait_for(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds{30}, [&] { return woken >= count; });
    return woken;
  }
};

} // namespace

TEST_CASE("an alarm wakes one sleeper each time it rings, whether it slept before or comes later") {
  sleepers s(8);
  for (std::size_t rung = 1; rung <= 8; ++rung) {
    if (rung % 2 == 0)
      s.a.ring();
    else
      s.a.set(static_cast<leat::clock_time>(rung) * 1000); // long ago
    CHECK(s.wait_for(rung) == rung);
  }
}

TEST_CASE("an alarm rings at the time that was set last") {
  leat::alarm a;
  a.set(0);
  a.set(leat::alarm::never); // nobody slept: as if it had not rung
  std::thread sleeper([&] { a.sleep(); });
  constexpr leat::clock_time second = 1'000'000'000;
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  a.set(now + 3600 * second);
  a.set(now + second / 1000);
  sleeper.join();
  CHECK(std::chrono::steady_clock::now().time_since_epoch().count() >= now + second / 1000);
}
