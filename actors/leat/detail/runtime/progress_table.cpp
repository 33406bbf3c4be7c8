#include <leat/detail/runtime/progress_table.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace leat {

progress_table::progress_table(std::size_t producers, std::size_t consumers)
    : entries_(producers), joint_(2 * std::bit_ceil(std::max<std::size_t>(producers, 1))),
      readers_(consumers + 1), due_(consumers) {
  for (std::size_t p = 0; p < producers; ++p) {
    entries_[p].frames.resize(consumers);
    entries_[p].sent.resize(consumers);
    joint(p) = joint_mark(mark{});
    rejoin(p);
  }
}

void progress_table::leave_out(std::size_t producer) {
  partial_ = true;
  joint(producer) = {};
  rejoin(producer);
}

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
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const std::size_t c = first + i;
    if (const std::uint64_t counted = std::max(e.sent[c], e.frames[c]); frames[i] > counted)
      due_[c].fetch_add(frames[i] - counted, std::memory_order_relaxed);
    e.frames[c] = frames[i];
  }
  ++version_;
  joint(producer) = joint_mark(m);
  rejoin(producer);
  wake(readers_.back()); // its consumers look when frames arrive, too, but it does not see these
  if (got_on())
    std::for_each(readers_.begin(), readers_.end(), wake);
}

void progress_table::wake(reader& r) {
  if (r.wake && !std::exchange(r.woken, true))
    r.wake();
}

void progress_table::rejoin(std::size_t producer) {
  for (std::size_t n = (joint_.size() / 2 + producer) / 2; n > 0; n /= 2)
    joint_[n] = joint_[2 * n] + joint_[2 * n + 1];
}

// A merge waits for the slowest: what others promise beyond it releases nothing.
bool progress_table::got_on() {
  const mark now = joint_[1].together();
  const mark before = std::exchange(together_, now);
  return now.progress != before.progress || now.idle != before.idle ||
         (now.stalled && !before.stalled);
}

mark progress_table::look(std::size_t consumer, bool wake) {
  const std::lock_guard lock(mutex_);
  readers_[consumer].woken = !wake;
  return together_;
}

std::optional<mark> progress_table::read_together(std::size_t consumer, std::uint64_t taken) {
  const std::lock_guard lock(mutex_);
  if (partial_ || due_[consumer].load(std::memory_order_relaxed) != taken)
    return {};
  readers_[consumer].woken = false;
  return together_;
}

} // namespace leat
