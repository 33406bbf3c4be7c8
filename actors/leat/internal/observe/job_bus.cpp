#include <leat/internal/observe/job_bus.hpp>

#include <leat/detail/record/utf8.hpp>

#include <fmt/format.h>
#include <utility>

namespace leat {

result<event_level> parse_event_level(std::string_view text) {
  static constexpr std::string_view names[] = {"error", "warning", "info"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (text == names[i])
      return static_cast<event_level>(i);
  return user_error(fmt::format("{} is not error, warning or info", shown(text)));
}

void job_bus::listen(std::function<void(const job_event&)> heard) {
  listeners_.push_back(std::move(heard));
}

void job_bus::observe(std::chrono::milliseconds interval,
                      std::function<void(const job_metrics&)> seen) {
  observers_.push_back({interval, std::move(seen), std::chrono::steady_clock::now() + interval});
}

void job_bus::publish(event_level level, event_kind kind, std::string text, std::string stage) {
  const std::lock_guard lock(mutex_);
  published_.push_back(
      {level, kind, std::move(text), std::move(stage), std::chrono::system_clock::now()});
}

void job_bus::deliver() {
  std::unique_lock lock(mutex_);
  const auto events = std::exchange(published_, {});
  lock.unlock();
  for (const job_event& e : events)
    for (const auto& heard : listeners_)
      heard(e);
}

void job_bus::turn(const std::function<job_metrics()>& snapshot) {
  deliver();
  const auto now = std::chrono::steady_clock::now();
  std::optional<job_metrics> metrics;
  for (observer& o : observers_) {
    if (now < o.due)
      continue;
    if (!metrics)
      metrics = snapshot();
    o.seen(*metrics);
    o.due = now + o.interval;
  }
}

} // namespace leat
