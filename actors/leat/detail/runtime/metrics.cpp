#include <leat/detail/runtime/metrics.hpp>

#include <leat/detail/record/plain_bytes.hpp>

namespace leat {

namespace {

// Visits every metric; both directions follow from it, so they cannot differ.
template <class Metrics, class Visit>
bool each_metric(Metrics& m, Visit visit) {
  auto& c = m.counters;
  bool good = visit(m.busy.total) && visit(m.busy.since) && visit(m.ended) &&
              visit(c.paused_since) && visit(c.records_in) && visit(c.records_out) &&
              visit(c.panes) && visit(c.late) && visit(c.dead_letters) && visit(c.held) &&
              visit(c.timers_dropped) && visit(c.spilled);
  for (auto& s : m.stalls)
    good = good && visit(s.total) && visit(s.since);
  return good;
}

} // namespace

std::string encode_metrics(const subtask_metrics& m) {
  std::string to;
  each_metric(m, [&](const auto& metric) {
    put_plain(to, metric.load(std::memory_order_relaxed));
    return true;
  });
  const std::string waiting = m.counters.waiting->text();
  put_plain(to, static_cast<std::uint32_t>(waiting.size()));
  to += waiting;
  m.latency.each_bucket([&](std::uint32_t bucket, std::uint64_t count) {
    put_plain(to, bucket);
    put_plain(to, count);
  });
  return to;
}

namespace {

bool apply_waiting(byte_cursor& from, waiting_note& note) {
  std::uint32_t size = 0;
  const std::byte* text = nullptr;
  if (!get_plain(from, size) || !from.take(size, text))
    return false;
  note.set({reinterpret_cast<const char*>(text), size});
  return true;
}

} // namespace

bool apply_metrics(std::string_view bytes, subtask_metrics& m) {
  byte_cursor from(bytes);
  bool good = each_metric(m, [&]<class T>(std::atomic<T>& metric) {
    T value{};
    if (!get_plain(from, value))
      return false;
    metric.store(value, std::memory_order_relaxed);
    return true;
  });
  good = good && apply_waiting(from, *m.counters.waiting);
  while (good && from.left() > 0) {
    std::uint32_t bucket = 0;
    std::uint64_t count = 0;
    if (!get_plain(from, bucket) || !get_plain(from, count) || !m.latency.set_bucket(bucket, count))
      return false;
  }
  return good;
}

} // namespace leat
