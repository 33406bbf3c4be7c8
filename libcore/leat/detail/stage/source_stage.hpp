// The stage of a source: runs the splits that fall to this subtask, in the order of their stamps.
// It does not know the type of their records, and calls what does once for a block of them.
#pragma once

#include <leat/detail/stage/saved_split.hpp>
#include <leat/detail/stage/source_alignment.hpp>
#include <leat/detail/stage/split_reader.hpp>
#include <leat/detail/transport/row_codec.hpp>

#include <deque>
#include <optional>

namespace leat {

/// Ends a source at the barrier; no payload. The runtime does it for all sources.
inline constexpr const char* stop_verb = "stop";

/// A source, whatever the type of its records.
class any_source {
public:
  virtual ~any_source();

  /// The output of its stage.
  virtual stage_output& output() = 0;

  /// The number of records that are due per second; 0: it sets none.
  virtual double rate() { return 0; }

  /// The readers of all its splits, in their order. Called once.
  virtual std::vector<std::unique_ptr<split_reader>> readers() = 0;

  /// See codec_of_read_ahead.
  virtual result<const row_codec*> codec(const std::string& stage) const = 0;
};

/// The watermarks of one split, where its records say: see watermarks_by.
class split_watermarks {
public:
  virtual ~split_watermarks();

  /// Writes the watermark after each of the records from `first` on. Called once for each record,
  /// in their order.
  virtual void read(const rows& records, std::size_t first, std::span<event_time> to) = 0;

  /// Whether that depends on earlier records; then it is saved.
  virtual bool has_state() const = 0;
  virtual void save(std::string& to) const = 0;
  virtual bool load(byte_cursor& from) = 0;
};

/// The event times of a source's records, whatever their type: see event_time_by.
class record_times {
public:
  record_times(std::chrono::microseconds disorder, std::chrono::nanoseconds idle,
               std::chrono::microseconds drift)
      : out_of_order(disorder), idle_after(idle), max_drift(drift) {}
  virtual ~record_times();

  /// Writes those of records from `first` on.
  virtual void read(const rows& records, std::size_t first, std::span<event_time> to) const = 0;

  /// Those of a split; null if they follow from the event times.
  virtual std::unique_ptr<split_watermarks> watermarks() const = 0;

  const std::chrono::microseconds out_of_order;
  const std::chrono::nanoseconds idle_after;
  const std::chrono::microseconds max_drift;
};

class source_stage final : public emitting_stage {
public:
  /// `times`: null if the records have none.
  source_stage(std::unique_ptr<any_source> source, std::unique_ptr<const record_times> times);
  ~source_stage() override;

  result<void> open(const stage_services& services) override;
  void consume(std::size_t, frame&, std::size_t&, std::size_t) override {}
  bool finish() override;

  /// Of the splits of this subtask. Nothing else of a source is state: what was promised follows
  /// from how far they have come.
  result<void> save(std::string& to) const override;
  /// What each subtask of the source saved, also those that have ended.
  result<void> load(byte_cursor& from) override;
  saved_contents saves() const override { return saved_contents::splits; }

  /// Takes on the splits that fall to this subtask: as they were saved, and known by their names,
  /// if load() was called. The first pull does it otherwise.
  result<void> begin() override;

  /// Reads up to a frame of records, and at most so many, and puts them into the ports if they fill
  /// one.
  pull_status pull(std::size_t most = std::numeric_limits<std::size_t>::max());
  /// What was pulled and is not in the ports.
  rows& gathered() { return out_.gathered(); }
  /// Drops that, as if its records had not been there.
  void drop_gathered() { out_.clear(); }
  /// Of the record that was pulled last.
  const stamp& last() const { return last_; }
  /// What is promised after the records pulled so far.
  mark reached() const;

private:
  struct split {
    split(std::uint32_t n, std::string called, std::unique_ptr<split_reader> r)
        : number(n), name(std::move(called)), reader(std::move(r)) {}
    bool at_end() const { return next == times.size(); }
    /// All that comes after a record is ordered here or later.
    event_time followed_by(std::size_t i) const {
      return followed.empty() ? times[i] : followed[i];
    }

    std::uint32_t number;
    std::string name;
    std::unique_ptr<split_reader> reader;
    const saved_split* saved = nullptr;           // until it is taken on
    std::unique_ptr<split_watermarks> watermarks; // or null
    std::vector<event_time> times; // of the records that it read last; all equal if they have none
    // After each of these, where there are watermarks: those, and the bound.
    std::vector<event_time> followed;
    std::size_t next = 0; // in times, and in what it has read ahead
    event_time highest = begin_of_time;
    event_time watermark = begin_of_time;
    std::uint64_t position = 0;
    bool done = false;
    bool timed_out = false;
    bool silent = false; // its reader had nothing when it was last asked
    bool held = false;   // its reader is not asked: it is too far ahead
    std::optional<clock_time> idle_since;
    split_board::entry* shown = nullptr; // with event times
  };
  struct ready_split {
    stamp at; // of its next record
    split* of;
  };

  bool is_own(const split& s) const { return s.number % services_.subtasks == services_.subtask; }
  result<void> add_splits();
  result<void> restore();
  result<void> take_on(split& s);
  result<void> take_on_saved(split& s);
  result<void> take_on_read_ahead(split& s);
  result<void> take_on_watermarks(split& s);
  void join_saved();
  saved_split saved(const split& s, const row_codec* codec) const;

  pull_status pull_only(std::size_t room);
  pull_status pull_kept(split& s, std::size_t room);
  pull_status pull_merged(std::size_t room);
  std::size_t emit_first(std::size_t room, std::chrono::nanoseconds& wait);
  event_time place(const split& s, std::size_t i) const;
  event_time next_time(const split& s) const {
    return s.at_end() ? s.highest : std::max(s.highest, place(s, s.next));
  }
  void pass();
  bool drifts(const split& s) const;
  bool is_held(split& s);
  mark slowest() const;
  void tell_slowest();
  std::size_t end_before(const stamp& bound, const split& s, std::size_t most) const;
  void make_ready(split& s);
  void read_ahead(split& s, std::chrono::nanoseconds& wait);
  void refill(split& s, std::chrono::nanoseconds& wait);
  void read_times(split& s, const rows& records, std::size_t first);
  void follow(split& s, const rows& records, std::size_t first, std::size_t known);
  void show(const split& s);
  void wait_for(split& s, std::chrono::nanoseconds after, std::chrono::nanoseconds& wait);
  std::chrono::nanoseconds idle_after() const;
  stamp next_stamp(const split& s, event_time t) const;
  void complete(split& s, std::size_t row);
  void note_ingest(std::size_t row);
  event_time rejoins_at(const split& s) const;
  void raise(split& s, event_time to);
  std::size_t due() const;
  clock_time due_time(std::size_t k) const;
  std::chrono::nanoseconds next_due() const;

  std::unique_ptr<any_source> source_;
  std::unique_ptr<const record_times> times_;
  stage_output& out_;
  bool begun_ = false;
  std::vector<saved_split> saved_; // these two: of all subtasks, until it has begun
  std::vector<saved_watermarks> saved_watermarks_;
  std::vector<std::unique_ptr<split>> splits_; // of all subtasks, until it has begun
  // Of several splits: a heap of those that have records, and those that have none for now. Without
  // event time those from unopened_ on are not read yet: all of theirs comes later.
  std::vector<ready_split> ready_;
  std::deque<split*> silent_;
  std::size_t unopened_ = 0;
  stamp awaited_; // the least that a silent split may still bring, of those that are waited for
  stamp last_;
  stamp passed_;                     // no split brings a record up to it
  event_time slowest_ = end_of_time; // of all subtasks, as far as is known
  std::optional<mark> told_;         // to these
  clock_time now_ = 0;               // of this pull
  clock_time start_ = 0;
  std::size_t pulled_ = 0;
};

} // namespace leat
