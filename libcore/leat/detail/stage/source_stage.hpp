// The stage of a source: runs the splits that fall to this subtask, in the order of their stamps.
// It does not know the type of their records, and calls what does once for a block of them.
#pragma once

#include <leat/detail/stage/split_reader.hpp>

#include <deque>
#include <optional>

namespace leat {

/// Ends a source at the barrier; no payload. The runtime does it for all sources.
inline constexpr const char* stop_verb = "stop";

class source_stage;

/// A source, whatever the type of its records.
class any_source {
public:
  virtual ~any_source();

  /// The output of its stage.
  virtual stage_output& output() = 0;

  /// The number of records that are due per second; 0: it sets none.
  virtual double rate() { return 0; }

  /// Calls to.add_split() for each split of this subtask. Called once.
  virtual void add_splits(source_stage& to, const stage_services& services) = 0;
};

/// The event times of a source's records, whatever their type: see event_time_by.
class record_times {
public:
  record_times(std::chrono::microseconds disorder, std::chrono::nanoseconds idle)
      : out_of_order(disorder), idle_after(idle) {}
  virtual ~record_times();

  /// Writes those of records from `first` on.
  virtual void read(const rows& records, std::size_t first, std::span<event_time> to) const = 0;

  const std::chrono::microseconds out_of_order;
  const std::chrono::nanoseconds idle_after;
};

class source_stage final : public emitting_stage {
public:
  /// `times`: null if the records have none.
  source_stage(std::unique_ptr<any_source> source, std::unique_ptr<const record_times> times);
  ~source_stage() override;

  result<void> open(const stage_services& services) override;
  void consume(std::size_t, frame&, std::size_t&, std::size_t) override {}
  bool finish() override;

  /// Called by the source from open().
  void add_split(std::uint32_t number, std::unique_ptr<split_reader> reader);

  /// Reads up to a frame of records and puts them into the ports.
  pull_status pull();
  /// What is promised after the records pulled so far.
  mark reached() const;

private:
  struct split {
    split(std::uint32_t n, std::unique_ptr<split_reader> r) : number(n), reader(std::move(r)) {}
    bool at_end() const { return next == times.size(); }
    /// Its next record has this time, by which it is ordered.
    event_time next_time() const { return std::max(highest, times[next]); }

    std::uint32_t number;
    std::unique_ptr<split_reader> reader;
    std::vector<event_time> times; // of the records that it read last; all equal if they have none
    std::size_t next = 0;          // in times, and in what it has read ahead
    event_time highest = begin_of_time;
    event_time watermark = begin_of_time;
    std::uint64_t position = 0;
    bool done = false;
    bool timed_out = false;
    std::optional<clock_time> idle_since;
  };
  struct ready_split {
    stamp at; // of its next record
    split* of;
  };

  pull_status pull_only(std::size_t room);
  pull_status pull_merged(std::size_t room);
  std::size_t emit_first(std::size_t room, std::chrono::nanoseconds& wait);
  std::size_t end_before(const stamp& bound, const split& s, std::size_t most) const;
  void make_ready(split& s);
  void read_ahead(split& s, std::chrono::nanoseconds& wait);
  void refill(split& s, std::chrono::nanoseconds& wait);
  void read_times(split& s, const rows& records, std::size_t first);
  void wait_for(split& s, std::chrono::nanoseconds after, std::chrono::nanoseconds& wait);
  std::chrono::nanoseconds idle_after() const;
  stamp next_stamp(const split& s, event_time t) const;
  void complete(split& s, std::size_t row);
  void note_ingest(std::size_t row);
  void raise(split& s, event_time to);
  std::size_t due() const;
  clock_time due_time(std::size_t k) const;
  std::chrono::nanoseconds next_due() const;

  std::unique_ptr<any_source> source_;
  std::unique_ptr<const record_times> times_;
  stage_output& out_;
  std::vector<std::unique_ptr<split>> splits_;
  // Of several splits: a heap of those that have records, and those that have none for now. Without
  // event time those from unopened_ on are not read yet: all of theirs comes later.
  std::vector<ready_split> ready_;
  std::deque<split*> silent_;
  std::size_t unopened_ = 0;
  stamp awaited_; // the least that a silent split may still bring, of those that are waited for
  stamp last_;
  clock_time now_ = 0; // of this pull
  clock_time start_ = 0;
  std::size_t pulled_ = 0;
};

} // namespace leat
