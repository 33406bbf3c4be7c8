#include <leat/internal/runtime/timers.hpp>

#include "support/catch.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <rapidcheck.h>

namespace {

using time_point = leat::timers::time_point;

time_point at(leat::clock_time t) { return time_point{std::chrono::nanoseconds{t}}; }

struct world {
  caf::actor_system_config config;
  caf::actor_system system{[this]() -> caf::actor_system_config& {
    config.set("scheduler.policy", caf::atom("testing"));
    return config;
  }()};
  std::vector<int> got;
  std::size_t sooner = 0;
  leat::timers timers{[this] { ++sooner; }};
  caf::actor receiver =
      system.spawn([this]() -> caf::behavior { return {[this](int n) { got.push_back(n); }}; });

  void set(leat::clock_time due, int n) {
    timers.schedule_message(at(due), caf::actor_cast<caf::strong_actor_ptr>(receiver),
                            caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, n));
  }
  void fire(leat::clock_time now) {
    timers.fire(now);
    dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler()).run();
  }
};

} // namespace

TEST_CASE("timers fire in the order of their times, each once, and none before its time") {
  CHECK(rc::check([] {
    world w;
    std::multimap<leat::clock_time, int> pending; // the reference; equal times in order of setting
    std::vector<int> expected;
    leat::clock_time now = 0;
    const int steps = *rc::gen::inRange(1, 60);
    for (int n = 0; n < steps; ++n) {
      if (*rc::gen::inRange(0, 3) > 0) {
        const leat::clock_time due = now + *rc::gen::inRange(-20, 100);
        const bool earliest = pending.empty() || due < pending.begin()->first;
        const std::size_t before = w.sooner;
        w.set(due, n);
        pending.emplace(due, n);
        RC_ASSERT(w.sooner == before + (earliest ? 1 : 0));
      } else {
        now += *rc::gen::inRange(0, 50);
        w.fire(now);
        while (!pending.empty() && pending.begin()->first <= now) {
          expected.push_back(pending.begin()->second);
          pending.erase(pending.begin());
        }
      }
      RC_ASSERT(w.got == expected);
      RC_ASSERT(w.timers.next() == (pending.empty() ? leat::alarm::never : pending.begin()->first));
    }
    w.timers.cancel_all();
    w.fire(now + 1000);
    RC_ASSERT(w.got == expected);
  }));
}

TEST_CASE("a time-out that was replaced or cancelled does not fire") {
  world w;
  auto* const whom = caf::actor_cast<caf::abstract_actor*>(w.receiver);
  w.timers.set_ordinary_timeout(at(10), whom, caf::receive_atom::value, 7);
  CHECK(w.timers.next() == 10);
  w.timers.set_ordinary_timeout(at(20), whom, caf::receive_atom::value, 8);
  CHECK(w.timers.next() == 20);
  w.timers.cancel_ordinary_timeout(whom, caf::receive_atom::value);
  CHECK(w.timers.next() == leat::alarm::never);
  w.timers.set_multi_timeout(at(5), whom, caf::atom("again"), 1);
  w.timers.cancel_timeouts(whom);
  CHECK(w.timers.next() == leat::alarm::never);
  w.fire(100);
  CHECK(w.got.empty());
}
