// The envelope is what rides along with a record: where it stands, and what is known of its times.
// A frame keeps the envelopes of its records by columns, each only where somebody behind the edge
// needs it. A further column is a field, a column and a line in each function of this file.
#pragma once

#include <leat/detail/record/run_column.hpp>
#include <leat/stamp.hpp>

#include <optional>

namespace leat {

struct envelope {
  stamp at = {};
  event_time time = begin_of_time; ///< its own event time; the stamp's is the highest in its split
  bool late = false;       ///< it was older than the watermark of its split when it was read
  clock_time ingested = 0; ///< when it was due or pulled; 0: unknown

  friend bool operator==(const envelope&, const envelope&) = default;
};

/// The columns that an edge carries. Ingest times go everywhere: most frames have a single one.
struct carried_columns {
  bool stamps = false;
  bool event_times = false; ///< and what is late; only beside stamps

  bool covers(const carried_columns& o) const {
    return stamps >= o.stamps && event_times >= o.event_times;
  }
  carried_columns& operator|=(const carried_columns& o) {
    stamps = stamps || o.stamps;
    event_times = event_times || o.event_times;
    return *this;
  }
  friend carried_columns operator&(const carried_columns& a, const carried_columns& b) {
    return {a.stamps && b.stamps, a.event_times && b.event_times};
  }
  friend bool operator==(const carried_columns&, const carried_columns&) = default;
};

inline constexpr carried_columns all_columns{true, true};

/// When records entered the job, as runs of equal times. Most frames have one run, which needs no
/// memory of its own.
class ingest_times {
public:
  struct run {
    std::uint32_t begin = 0;
    clock_time time = 0;
  };

  /// Records from index `begin` on have this time. Indices must not fall.
  void note(std::size_t begin, clock_time time);

  /// The number of runs, and each of them.
  std::size_t size() const { return count_; }
  const run& operator[](std::size_t i) const { return i == 0 ? first_ : more_[i - 1]; }
  bool empty() const { return count_ == 0; }

  /// Forgets the records from this index on.
  void truncate(std::size_t records);

  std::size_t heap_bytes() const { return more_.capacity() * sizeof(run); }

private:
  const run& last() const { return count_ == 1 ? first_ : more_.back(); }

  std::size_t count_ = 0;
  run first_;
  std::vector<run> more_;
};

/// The envelopes of a frame's records.
class envelope_columns {
public:
  /// Adds the envelope of record `row`, the next one.
  void add(std::size_t row, const envelope& e, const carried_columns& carried) {
    note_ingest(row, e.ingested);
    if (carried.stamps)
      add_columns(e, carried);
  }

  /// Records from `row` on were ingested at this time.
  void note_ingest(std::size_t row, clock_time time) {
    if (time != last_ingest_) [[unlikely]]
      ingest_.note(row, last_ingest_ = time);
  }

  /// Neither column is carried by a frame without records.
  carried_columns carried() const { return {times_.size() > 0, late_.size() > 0}; }
  bool stamped() const { return times_.size() > 0; }

  stamp stamp_of(std::size_t i) const {
    return {times_[i], sources_[i], splits_[i], positions_[i], paths_[i]};
  }
  stamp last_stamp() const { return stamp_of(times_.size() - 1); }
  event_time time_of(std::size_t i) const { return before(times_[i], behind_[i]); }
  bool late(std::size_t i) const { return late_[i]; }
  const ingest_times& ingest() const { return ingest_; }

  /// Adds the envelopes of records [begin, end) of others, from record `row` on. `child`: extends
  /// the paths of their stamps.
  void append(std::size_t row, const envelope_columns& from, std::size_t begin, std::size_t end,
              const carried_columns& carried, std::optional<std::uint32_t> child = {});

  /// Forgets the records from this index on.
  void truncate(std::size_t records);

  std::size_t heap_bytes() const;

  /// Calls `visit` with each of these columns, in a fixed order.
  template <class Visit>
  void each_column(const carried_columns& which, Visit visit) const {
    visit_columns(*this, which, visit);
  }
  template <class Visit>
  void each_column(const carried_columns& which, Visit visit) {
    visit_columns(*this, which, visit);
  }

private:
  void add_columns(const envelope& e, const carried_columns& carried);

  template <class Self, class Visit>
  static void visit_columns(Self& self, const carried_columns& which, Visit& visit) {
    if (which.stamps) {
      visit(self.times_), visit(self.sources_), visit(self.splits_);
      visit(self.positions_), visit(self.paths_);
    }
    if (which.event_times)
      visit(self.behind_), visit(self.late_);
  }

  // By wrap-around: times may lie anywhere between the begin and the end.
  static event_time before(event_time t, std::uint64_t distance) {
    return from_micros(static_cast<std::int64_t>(
        static_cast<std::uint64_t>(t.time_since_epoch().count()) - distance));
  }

  run_column<event_time> times_;
  run_column<std::uint32_t> sources_;
  run_column<std::uint32_t> splits_;
  run_column<std::uint64_t, 1> positions_;
  run_column<stamp_path> paths_;
  run_column<std::uint64_t> behind_; // microseconds: 0 wherever records come in order
  run_column<std::uint8_t> late_;
  ingest_times ingest_;
  clock_time last_ingest_ = 0;
};

/// Walks the envelopes of a frame by rising index in constant time a step.
class envelope_cursor {
public:
  /// `wanted`: columns that are read, where the frame has them.
  explicit envelope_cursor(const envelope_columns& from, const carried_columns& wanted)
      : from_(from), columns_(from.carried() & wanted) {}

  /// The envelope of record `i`: what is not read is as in `envelope{}`.
  const envelope& at(std::size_t i) {
    const ingest_times& ingest = from_.ingest();
    while (next_run_ < ingest.size() && ingest[next_run_].begin <= i)
      now_.ingested = ingest[next_run_++].time;
    if (columns_.stamps)
      now_.at = from_.stamp_of(i);
    if (columns_.event_times) {
      now_.time = from_.time_of(i);
      now_.late = from_.late(i);
    }
    return now_;
  }

private:
  const envelope_columns& from_;
  const carried_columns columns_;
  std::size_t next_run_ = 0;
  envelope now_;
};

} // namespace leat
