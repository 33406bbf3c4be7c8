#include <leat/detail/record/envelope.hpp>

#include <algorithm>
#include <cassert>

namespace leat {

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

void envelope_columns::reserve(std::size_t records, const carried_columns& carried) {
  if (carried.stamps)
    stamps_.reserve(records);
  if (carried.event_times)
    times_.reserve(records);
}

void envelope_columns::append(std::size_t row, const envelope_columns& from, std::size_t begin,
                              std::size_t end, const carried_columns& carried,
                              std::optional<std::uint32_t> child) {
  if (begin == end)
    return;
  assert(from.carried().covers(carried));
  const auto block = [&](auto& to, const auto& others) {
    to.insert(to.end(), others.begin() + static_cast<std::ptrdiff_t>(begin),
              others.begin() + static_cast<std::ptrdiff_t>(end));
  };
  note_ingest(row, from.ingest_, begin, end);
  if (carried.stamps)
    block(stamps_, from.stamps_);
  if (carried.stamps && child)
    std::for_each(stamps_.end() - static_cast<std::ptrdiff_t>(end - begin), stamps_.end(),
                  [&](stamp& s) { s.path = s.path.child(*child); });
  if (carried.event_times)
    block(times_, from.times_);
}

void envelope_columns::note_ingest(std::size_t row, const ingest_times& from, std::size_t begin,
                                   std::size_t end) {
  if (from.empty() || from[0].begin > begin)
    note_ingest(row, 0);
  for (std::size_t r = 0; r < from.size() && from[r].begin < end; ++r)
    if (r + 1 == from.size() || from[r + 1].begin > begin)
      note_ingest(row + std::max<std::size_t>(from[r].begin, begin) - begin, from[r].time);
}

void envelope_columns::truncate(std::size_t records) {
  if (records < stamps_.size())
    stamps_.resize(records);
  if (records < times_.size())
    times_.resize(records);
  ingest_.truncate(records);
  last_ingest_ = ingest_.empty() ? 0 : ingest_[ingest_.size() - 1].time;
}

std::size_t envelope_columns::heap_bytes() const {
  return stamps_.capacity() * sizeof(stamp) + times_.capacity() * sizeof(own_time) +
         ingest_.heap_bytes();
}

// A piece may begin anywhere in a frame, and a frame of a paced source has a run for each record.
void envelope_cursor::enter_run(std::size_t i) {
  const ingest_times& ingest = from_.ingest();
  for (std::size_t end = ingest.size(); next_run_ < end;) {
    const std::size_t middle = next_run_ + (end - next_run_) / 2;
    if (ingest[middle].begin <= i)
      next_run_ = middle + 1;
    else
      end = middle;
  }
  if (next_run_ > 0)
    ingested_ = ingest[next_run_ - 1].time;
  run_end_ = next_run_ < ingest.size() ? ingest[next_run_].begin : no_end;
}

} // namespace leat
