// The threads that run a job's actors. They sleep when there is nothing to do, whether they wait
// for messages or for timers, and this is the one place that decides for how long.
//
// Waking a thread takes some ten microseconds of processor time, more than most turns of an actor.
// So nobody is woken for less: timers that are due soon after one another are fired together, and
// what an actor sends is handled by the thread that runs it unless that is busy for longer.
#pragma once

#include <leat/internal/runtime/timers.hpp>

#include <caf/scheduler/abstract_coordinator.hpp>
#include <deque>
#include <thread>
#include <vector>

namespace leat {

class worker_pool final : public caf::scheduler::abstract_coordinator {
public:
  explicit worker_pool(caf::actor_system& system) : abstract_coordinator(system) {}
  ~worker_pool() override;

  /// For actor_system_config::load.
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);

  void enqueue(caf::resumable* job) override;
  timers& clock() noexcept override { return timers_; }

protected:
  void start() override;
  void stop() override;

private:
  class worker;

  /// The least time from one firing of timers to the next, and how long others are busy before a
  /// sleeper helps them ...
  static constexpr clock_time between_wakes = 50'000;
  /// ... or at most, when those who were called had little to do.
  static constexpr clock_time most_patience = 1'600'000;

  /// Waits for work; null when the pool stops. `called`: when this worker was called to help, and
  /// has not slept since; 0: it was not.
  caf::resumable* next(clock_time& called);
  void fire_timers(std::unique_lock<std::mutex>& lock);
  void sleep(std::unique_lock<std::mutex>& lock, clock_time& called);
  clock_time timers_at() const;
  clock_time help_at() const;
  void set_alarm(clock_time when);
  void ring_by(clock_time when);
  void timer_set();

  std::vector<std::thread> threads_;
  timers timers_{[this] { timer_set(); }};
  alarm alarm_;
  std::mutex mutex_; ///< guards what follows
  std::deque<caf::resumable*> jobs_;
  std::size_t asleep_ = 0;
  clock_time alarm_at_ = alarm::never; ///< set for then, and nobody has come of it yet
  clock_time woken_ = 0;               ///< the last time that somebody was
  clock_time fired_ = 0;               ///< the last time that timers were
  clock_time patience_ = between_wakes;
  bool firing_ = false;
  bool stopping_ = false;
};

} // namespace leat
