#include <leat/detail/stage/split_board.hpp>

#include <algorithm>

namespace leat {

split_board::entry& split_board::add(std::string name, clock_time now) {
  const std::lock_guard lock(mutex_);
  return *entries_.emplace_back(std::make_unique<entry>(std::move(name), now));
}

void split_board::report(split_summary s) {
  const std::lock_guard lock(mutex_);
  reported_ = std::move(s);
}

// Of several that have come as far, a silent one is what the others wait for.
split_summary split_board::read() const {
  constexpr auto relaxed = std::memory_order_relaxed;
  const std::lock_guard lock(mutex_);
  split_summary all = reported_;
  for (const auto& e : entries_) {
    const split_state state = e->state_.load(relaxed);
    const event_time time = e->time_.load(relaxed);
    all.furthest = std::max(all.furthest, time);
    all.idle += state == split_state::idle;
    all.finished += state == split_state::finished;
    if (state == split_state::idle || state == split_state::finished)
      continue;
    ++all.active;
    all.held += state == split_state::held;
    const bool silent = state == split_state::silent;
    const auto& least = all.slowest;
    if (!least || time < least->time || (time == least->time && silent && !least->silent))
      all.slowest = active_split{e->name_, time, e->since_.load(relaxed), silent};
  }
  return all;
}

} // namespace leat
