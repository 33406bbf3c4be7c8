#include <leat/internal/runtime/worker_pool.hpp>

#include "support/catch.hpp"

#include <caf/all.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>

using namespace std::chrono_literals;

namespace {

// An actor system whose actors run in a pool.
struct pooled {
  caf::actor_system_config config;
  std::optional<caf::actor_system> system;

  explicit pooled(std::size_t workers) {
    config.load<leat::worker_pool>();
    config.set("scheduler.max-threads", workers);
    config.set("scheduler.max-throughput", std::size_t{3});
    system.emplace(config);
  }
};

class flag {
public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [this] { return raised_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

} // namespace

TEST_CASE("every message is handled, by any number of workers") {
  for (const std::size_t workers : {1, 2, 3, 8}) {
    pooled p(workers);
    constexpr int actors = 20, hops = 500;
    std::atomic<int> handled = 0;
    std::vector<caf::actor> ring;
    for (int i = 0; i < actors; ++i)
      ring.push_back(p.system->spawn([&, i](caf::event_based_actor* self) -> caf::behavior {
        return {[&, i, self](int left) {
          ++handled;
          const caf::actor& next = ring[static_cast<std::size_t>(i * 7 + 1) % actors];
          if (left == 0)
            return;
          if (left % 50 == 0)
            self->delayed_send(next, std::chrono::microseconds{left % 7 * 20}, left - 1);
          else
            self->send(next, left - 1);
        }};
      }));
    for (const caf::actor& a : ring)
      caf::anon_send(a, hops);
    for (int tries = 0; tries < 30'000 && handled < actors * (hops + 1); ++tries)
      std::this_thread::sleep_for(1ms);
    CHECK(handled == actors * (hops + 1));
    ring.clear();
  }
}

TEST_CASE("a worker that sleeps takes what a busy one has left, messages and timers") {
  for (const bool timer : {false, true}) {
    pooled p(2);
    flag helped;
    std::atomic<bool> in_time = false;
    const caf::actor other = p.system->spawn([&](caf::event_based_actor* self) -> caf::behavior {
      return {[&, self](int) {
        helped.raise();
        self->quit();
      }};
    });
    const caf::actor busy = p.system->spawn([&](caf::event_based_actor* self) -> caf::behavior {
      return {[&, self](int n) {
        if (timer)
          self->delayed_send(other, 2ms, n);
        else
          self->send(other, n);
        in_time = helped.wait(); // as busy as can be
        self->quit();
      }};
    });
    caf::anon_send(busy, 1);
    CHECK(helped.wait());
    p.system->await_all_actors_done();
    CHECK(in_time);
  }
}

TEST_CASE("a pool that stops drops its timers, and what they hold") {
  pooled p(2);
  const auto held = std::make_shared<int>(0);
  caf::actor waits = p.system->spawn([held](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, 1h, 1);
    self->quit();
    return {[held](int) {}};
  });
  waits = nullptr;
  p.system.reset();
  CHECK(held.use_count() == 1);
}
