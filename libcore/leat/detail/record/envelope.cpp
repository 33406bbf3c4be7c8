#include <leat/detail/record/envelope.hpp>

namespace leat {

namespace {

// By wrap-around: times may lie anywhere between the begin and the end.
std::uint64_t distance(event_time from, event_time to) {
  return static_cast<std::uint64_t>(to.time_since_epoch().count()) -
         static_cast<std::uint64_t>(from.time_since_epoch().count());
}

} // namespace

void ingest_times::note(std::size_t begin, clock_time time) {
  if (count_ > 0 && last().begin >= begin)
    truncate(begin); // what was noted for records that did not come of it
  if (count_ > 0 && last().time == time)
    return;
  const run r{static_cast<std::uint32_t>(begin), time};
  if (count_++ == 0)
    first_ = r;
  else
    more_.push_back(r);
}

void ingest_times::truncate(std::size_t records) {
  for (; count_ > 0 && last().begin >= records; --count_)
    if (count_ > 1)
      more_.pop_back();
}

void envelope_columns::add_columns(const envelope& e, const carried_columns& carried) {
  times_.push_back(e.at.time);
  sources_.push_back(e.at.source);
  splits_.push_back(e.at.split);
  positions_.push_back(e.at.position);
  paths_.push_back(e.at.path);
  if (!carried.event_times)
    return;
  behind_.push_back(distance(e.time, e.at.time));
  late_.push_back(e.late);
}

void envelope_columns::append(std::size_t row, const envelope_columns& from, std::size_t begin,
                              std::size_t end, const carried_columns& carried,
                              std::optional<std::uint32_t> child) {
  envelope_cursor envelopes(from, carried);
  for (std::size_t i = begin; i < end; ++i, ++row) {
    const envelope& e = envelopes.at(i);
    note_ingest(row, e.ingested);
    if (!carried.stamps)
      continue;
    if (child) {
      envelope derived = e;
      derived.at.path = e.at.path.child(*child);
      add_columns(derived, carried);
    } else {
      add_columns(e, carried);
    }
  }
}

void envelope_columns::truncate(std::size_t records) {
  each_column(carried(), [&](auto& column) { column.truncate(records); });
  ingest_.truncate(records);
  last_ingest_ = ingest_.empty() ? 0 : ingest_[ingest_.size() - 1].time;
}

std::size_t envelope_columns::heap_bytes() const {
  std::size_t sum = ingest_.heap_bytes();
  each_column(all_columns, [&](const auto& column) { sum += column.heap_bytes(); });
  return sum;
}

} // namespace leat
