// The timers of an actor system, fired by the threads that run its actors.
#pragma once

#include <leat/internal/runtime/alarm.hpp>

#include <atomic>
#include <caf/detail/simple_actor_clock.hpp>
#include <functional>
#include <mutex>

namespace leat {

/// CAF's clock without a thread of its own. Thread-safe, but for fire(), which one thread calls at
/// a time.
class timers final : public caf::detail::simple_actor_clock {
public:
  /// `sooner`: called, in any thread, when the next timer is due earlier than was thought.
  explicit timers(std::function<void()> sooner) : sooner_(std::move(sooner)) {}

  /// When the next one is due; alarm::never if there is none.
  clock_time next() const { return next_; }
  /// Sends what is due by now, in the order of its times.
  void fire(clock_time now);

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

private:
  using base = caf::detail::simple_actor_clock;
  template <class Change>
  void change(Change change);
  unique_delayed_event_ptr take_due(clock_time now);

  const std::function<void()> sooner_;
  std::mutex mutex_; ///< guards the base
  std::atomic<clock_time> next_{alarm::never};
};

} // namespace leat
