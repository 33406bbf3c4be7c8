#include <leat/runtime/progress_table.hpp>

#include <algorithm>

namespace leat {

progress_table::progress_table(std::size_t producers, std::size_t consumers)
    : entries_(producers), readers_(consumers) {
  for (entry& e : entries_)
    e.frames.resize(consumers);
}

void progress_table::leave_out(std::size_t producer) { entries_[producer].left_out = true; }

void progress_table::attach(std::size_t consumer, std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  readers_[consumer].wake = std::move(wake);
}

void progress_table::publish(std::size_t producer, const mark& m, std::size_t first,
                             std::span<const std::uint64_t> frames) {
  const std::lock_guard lock(mutex_);
  entry& e = entries_[producer];
  e.promised = m;
  e.published = true;
  std::copy(frames.begin(), frames.end(), e.frames.begin() + static_cast<std::ptrdiff_t>(first));
  ++version_;
  if (!slowest_got_on())
    return;
  for (reader& r : readers_)
    if (r.wake && !std::exchange(r.woken, true))
      r.wake();
}

// A merge waits for the slowest: what others promise beyond it releases nothing.
bool progress_table::slowest_got_on() {
  mark least = end_mark;
  least.idle = true;
  for (const entry& e : entries_) {
    if (e.left_out)
      continue;
    least.stalled = least.stalled || e.promised.stalled;
    if (e.promised.idle)
      continue;
    least.idle = false;
    least.progress = std::min(least.progress, e.promised.progress);
    least.watermark = std::min(least.watermark, e.promised.watermark);
  }
  const bool stalls = least.stalled && !slowest_.stalled;
  const bool got_on = least.progress != slowest_.progress ||
                      least.watermark != slowest_.watermark || least.idle != slowest_.idle ||
                      stalls;
  slowest_ = least;
  return got_on;
}

} // namespace leat
