// The envelope is what rides along with a record: where it stands, and what is known of its times.
// A frame keeps the envelopes of its records by columns, each only where somebody behind the edge
// needs it. A further column is a field, a column and a line in each function of this file and of
// envelope.cpp, and a part in each_part of frame_codec.cpp, so that it goes to other processes.
#pragma once

#include <leat/stamp.hpp>

#include <limits>
#include <optional>
#include <vector>

namespace leat {

struct envelope {
  stamp at = {};
  event_time time = begin_of_time; ///< its own event time; the stamp's is the highest in its split
  bool late = false;       ///< it was older than the watermark of its split when it was read
  clock_time ingested = 0; ///< when it was due or pulled; 0: unknown

  friend bool operator==(const envelope&, const envelope&) = default;
};

/// An envelope whose stamp stands elsewhere, in a column or in an envelope: so none is copied on
/// its way from frame to frame. Valid as long as that stamp.
struct envelope_view {
  envelope_view(const stamp& s, event_time own = begin_of_time, bool is_late = false,
                clock_time entered = 0)
      : at(s), time(own), late(is_late), ingested(entered) {}
  envelope_view(const envelope& e) : envelope_view(e.at, e.time, e.late, e.ingested) {}
  operator envelope() const { return {at, time, late, ingested}; }

  const stamp& at;
  event_time time;
  bool late;
  clock_time ingested;
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
  /// Whether all records have the same. Those before the first run have none.
  bool uniform() const { return count_ == 0 || (count_ == 1 && first_.begin == 0); }

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
  void add(std::size_t row, const envelope_view& e, const carried_columns& carried) {
    note_ingest(row, e.ingested);
    add_columns(e, carried);
  }

  /// Records from `row` on were ingested at this time.
  void note_ingest(std::size_t row, clock_time time) {
    if (time != last_ingest_) [[unlikely]]
      ingest_.note(row, last_ingest_ = time);
  }

  /// Makes room for the columns of so many records in all.
  void reserve(std::size_t records, const carried_columns& carried);

  /// Makes the stamp that was added last that of a child.
  void descend_last(std::uint64_t child) {
    stamp_path& path = stamps_.back().path;
    path = path.child(child);
  }

  /// Adds all of it but for the ingest time.
  void add_columns(const envelope_view& e, const carried_columns& carried) {
    if (carried.stamps)
      stamps_.push_back(e.at);
    if (carried.event_times)
      times_.push_back({e.time, e.late});
  }

  /// Neither column is carried by a frame without records.
  carried_columns carried() const { return {!stamps_.empty(), !times_.empty()}; }
  bool stamped() const { return !stamps_.empty(); }

  const stamp& stamp_of(std::size_t i) const { return stamps_[i]; }
  const stamp& last_stamp() const { return stamps_.back(); }
  event_time time_of(std::size_t i) const { return times_[i].time; }
  bool late(std::size_t i) const { return times_[i].late; }
  const ingest_times& ingest() const { return ingest_; }

  /// Adds the envelopes of records [begin, end) of others, from record `row` on. `child`: extends
  /// the paths of their stamps. Contract: the others carry what is carried here.
  void append(std::size_t row, const envelope_columns& from, std::size_t begin, std::size_t end,
              const carried_columns& carried, std::optional<std::uint32_t> child = {});

  /// Forgets the records from this index on.
  void truncate(std::size_t records);

  std::size_t heap_bytes() const;

private:
  struct own_time {
    event_time time;
    bool late;
  };

  void note_ingest(std::size_t row, const ingest_times& from, std::size_t begin, std::size_t end);

  std::vector<stamp> stamps_;
  std::vector<own_time> times_;
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
  [[gnu::always_inline]] envelope_view at(std::size_t i) {
    if (i >= run_end_) [[unlikely]]
      enter_run(i);
    const stamp& at = columns_.stamps ? from_.stamp_of(i) : none_;
    if (!columns_.event_times)
      return {at, begin_of_time, false, ingested_};
    return {at, from_.time_of(i), from_.late(i), ingested_};
  }

  bool stamped() const { return columns_.stamps; }
  /// Where not stamped: records from the present one up to this index have the same envelope.
  std::size_t same_until() const { return run_end_; }

private:
  static constexpr std::size_t no_end = std::numeric_limits<std::size_t>::max();

  void enter_run(std::size_t i);

  const envelope_columns& from_;
  const carried_columns columns_;
  std::size_t next_run_ = 0; // of ingest times
  std::size_t run_end_ = 0;  // of the present one
  clock_time ingested_ = 0;
  static constexpr stamp none_{};
};

} // namespace leat
