#include <leat/internal/runtime/reading_thread.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

using namespace std::chrono_literals;
using support::item;

namespace {

// What a test lets a reader do, and sees of it.
struct control {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<leat::read_batch> answers; ///< of the calls to come; none left: it blocks
  std::size_t calls = 0;
  std::size_t wakes = 0; ///< of the stage
  bool cancelled = false;
  bool gone = false; ///< the reader was destroyed
  leat::waker wake;

  template <class Condition>
  void wait(Condition condition) {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, 30s, condition));
  }
  void change(const std::function<void()>& how) {
    const std::lock_guard lock(mutex);
    how();
    changed.notify_all();
  }
};
using control_ptr = std::shared_ptr<control>;

struct tested_reader final : leat::blocking_reader {
  tested_reader(control_ptr c, bool can_cancel) : at(std::move(c)), cancels(can_cancel) {}
  ~tested_reader() override {
    at->change([&] { at->gone = true; });
  }
  void open(leat::waker wake) override {
    at->change([&] { at->wake = std::move(wake); });
  }
  leat::read_batch pull() override {
    std::unique_lock lock(at->mutex);
    ++at->calls;
    at->changed.notify_all();
    at->changed.wait(lock, [&] { return !at->answers.empty() || at->cancelled; });
    if (at->answers.empty())
      return {nullptr, {}, leat::pull_status::done()};
    leat::read_batch next = std::move(at->answers.front());
    at->answers.erase(at->answers.begin());
    if (!next.letters.empty() && next.letters[0].reason == "throw")
      throw leat::failure(leat::user_error("thrown"));
    return next;
  }
  bool cancel() override {
    if (cancels)
      at->change([&] { at->cancelled = true; });
    return cancels;
  }
  control_ptr at;
  bool cancels;
};

leat::read_batch some(std::int64_t number, leat::pull_status answer = leat::pull_status::more()) {
  return {support::frame_of<item>({{0, number, 0}}).records, {}, answer};
}

struct reading {
  control_ptr at = std::make_shared<control>();
  std::unique_ptr<leat::reading_thread> thread;
  explicit reading(bool can_cancel = true)
      : thread(leat::start_reading_thread(std::make_shared<tested_reader>(at, can_cancel),
                                          [c = at.get()] { c->change([&] { ++c->wakes; }); })) {}

  leat::read_batch take() {
    for (;;) {
      if (auto next = thread->take())
        return std::move(*next);
      std::this_thread::yield();
    }
  }
};

std::int64_t number_in(const leat::read_batch& b) { return b.records->as<item>().front().number; }

} // namespace

TEST_CASE("a reading thread reads one batch ahead, and wakes the stage") {
  reading r;
  CHECK_FALSE(r.thread->take()); // the reader blocks, the stage does not
  r.at->change([&] {
    for (int n = 1; n <= 3; ++n)
      r.at->answers.push_back(some(n));
  });
  r.at->wait([&] { return r.at->wakes == 1; });
  CHECK(r.at->calls == 1); // the second only when the first was taken
  CHECK(number_in(r.take()) == 1);
  CHECK(number_in(r.take()) == 2);
  CHECK(number_in(r.take()) == 3);
}

TEST_CASE("a reader that is idle is called again after its time, or when it asks for that") {
  reading r;
  r.at->change([&] {
    r.at->answers.push_back({nullptr, {}, leat::pull_status::idle(1ms)});
    r.at->answers.push_back(some(1, leat::pull_status::idle()));
    r.at->answers.push_back(some(2));
  });
  CHECK(number_in(r.take()) == 1);
  CHECK_FALSE(r.thread->take());
  leat::waker wake;
  r.at->change([&] { wake = r.at->wake; });
  wake();
  CHECK(number_in(r.take()) == 2);
  r.thread.reset();
  wake(); // of a reader that is gone
}

TEST_CASE("what a reader throws comes behind what it read") {
  reading r;
  r.at->change([&] {
    r.at->answers.push_back(some(1));
    r.at->answers.push_back({nullptr, {{"throw", {}, {}, {}}}, leat::pull_status::more()});
  });
  CHECK(number_in(r.take()) == 1);
  r.at->wait([&] { return r.at->wakes == 2; });
  CHECK_THROWS_AS(r.thread->take(), leat::failure);
}

TEST_CASE("a reader that can be cancelled has ended when its stage is through with it") {
  for (int round = 0; round < 200; ++round) {
    reading r;
    r.at->change([&] { r.at->answers.push_back(some(1)); });
    if (round % 3 == 0)
      r.at->wait([&] { return r.at->wakes == 1; });
    if (round % 3 == 1)
      (void)r.take();
    r.thread.reset();
    r.at->wait([&] { return r.at->gone; });
  }
}

TEST_CASE("one that cannot be cancelled is left behind, and wakes nobody any more") {
  for (int round = 0; round < 50; ++round) {
    reading r(false);
    r.at->wait([&] { return r.at->calls == 1; });
    r.thread.reset(); // does not wait for it
    std::size_t wakes = 0;
    r.at->change([&] {
      CHECK_FALSE(r.at->gone);
      wakes = r.at->wakes;
      r.at->answers.push_back(some(1));
    });
    r.at->wait([&] { return r.at->gone; });
    CHECK(r.at->wakes == wakes);
  }
}
