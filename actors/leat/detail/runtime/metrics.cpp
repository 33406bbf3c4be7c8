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
  good = good && visit(m.reached.time) && visit(m.reached.idle);
  for (auto& p : m.promises)
    good = good && visit(p.time) && visit(p.idle);
  return good;
}

void append_text(std::string& to, std::string_view text) {
  put_plain(to, static_cast<std::uint32_t>(text.size()));
  to += text;
}

void append_splits(std::string& to, const split_summary& s) {
  for (const std::uint64_t n : {s.active, s.idle, s.finished, s.held})
    put_plain(to, n);
  put_plain(to, s.furthest);
  const active_split slowest = s.slowest.value_or(active_split{});
  put_plain(to, std::uint64_t{s.slowest ? 1u : 0u});
  append_text(to, slowest.name);
  put_plain(to, slowest.time);
  put_plain(to, slowest.since);
  put_plain(to, std::uint64_t{slowest.silent ? 1u : 0u});
}

} // namespace

std::string encode_metrics(const subtask_metrics& m) {
  std::string to;
  each_metric(m, [&](const auto& metric) {
    put_plain(to, metric.load(std::memory_order_relaxed));
    return true;
  });
  append_text(to, m.counters.waiting->text());
  append_splits(to, m.counters.splits.read());
  m.latency.each_bucket([&](std::uint32_t bucket, std::uint64_t count) {
    put_plain(to, bucket);
    put_plain(to, count);
  });
  return to;
}

namespace {

bool get_text(byte_cursor& from, std::string& to) {
  std::uint32_t size = 0;
  const std::byte* text = nullptr;
  if (!get_plain(from, size) || !from.take(size, text))
    return false;
  to.assign(reinterpret_cast<const char*>(text), size);
  return true;
}

bool apply_waiting(byte_cursor& from, waiting_note& note) {
  std::string text;
  if (!get_text(from, text))
    return false;
  note.set(std::move(text));
  return true;
}

bool apply_splits(byte_cursor& from, split_board& to) {
  split_summary s;
  active_split slowest;
  std::uint64_t has_slowest = 0, silent = 0;
  if (!get_plain(from, s.active) || !get_plain(from, s.idle) || !get_plain(from, s.finished) ||
      !get_plain(from, s.held) || !get_plain(from, s.furthest) || !get_plain(from, has_slowest) ||
      !get_text(from, slowest.name) || !get_plain(from, slowest.time) ||
      !get_plain(from, slowest.since) || !get_plain(from, silent))
    return false;
  slowest.silent = silent != 0;
  if (has_slowest != 0)
    s.slowest = std::move(slowest);
  to.report(std::move(s));
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
  good = good && apply_waiting(from, *m.counters.waiting) && apply_splits(from, m.counters.splits);
  while (good && from.left() > 0) {
    std::uint32_t bucket = 0;
    std::uint64_t count = 0;
    if (!get_plain(from, bucket) || !get_plain(from, count) || !m.latency.set_bucket(bucket, count))
      return false;
  }
  return good;
}

} // namespace leat
