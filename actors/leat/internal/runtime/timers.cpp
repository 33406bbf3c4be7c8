#include <leat/internal/runtime/timers.hpp>

namespace leat {

// What is sent, or let go of with its last message, may set and cancel timers: no lock is held.
void timers::fire(clock_time now) {
  while (const auto due = take_due(now))
    ship(*due);
}

timers::unique_delayed_event_ptr timers::take_due(clock_time now) {
  unique_delayed_event_ptr due;
  change([&] {
    if (schedule_.empty() || schedule_.begin()->first.time_since_epoch().count() > now)
      return;
    due = std::move(schedule_.begin()->second);
    if (due->backlink != actor_lookup_.end())
      actor_lookup_.erase(due->backlink);
    schedule_.erase(schedule_.begin());
  });
  return due;
}

template <class Change>
void timers::change(Change change) {
  const std::lock_guard lock(mutex_);
  change();
  const clock_time before = next_;
  next_ = schedule_.empty() ? alarm::never : schedule_.begin()->first.time_since_epoch().count();
  if (next_ < before)
    sooner_();
}

void timers::set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                  std::uint64_t id) {
  change([&] { base::set_ordinary_timeout(t, self, type, id); });
}

void timers::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                               std::uint64_t id) {
  change([&] { base::set_multi_timeout(t, self, type, id); });
}

void timers::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
  change([&] { base::set_request_timeout(t, self, id); });
}

void timers::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  change([&] { base::cancel_ordinary_timeout(self, type); });
}

void timers::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  change([&] { base::cancel_request_timeout(self, id); });
}

void timers::cancel_timeouts(caf::abstract_actor* self) {
  change([&] { base::cancel_timeouts(self); });
}

void timers::schedule_message(time_point t, caf::strong_actor_ptr receiver,
                              caf::mailbox_element_ptr content) {
  change([&] { base::schedule_message(t, std::move(receiver), std::move(content)); });
}

void timers::schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                              caf::message content) {
  change(
      [&] { base::schedule_message(t, std::move(target), std::move(sender), std::move(content)); });
}

void timers::cancel_all() {
  schedule_map dropped; // its actors may end, and cancel
  change([&] {
    actor_lookup_.clear();
    dropped.swap(schedule_);
  });
}

} // namespace leat
