// What a stage puts out: records are gathered into frames, inherit the envelope of those that they
// descend from, and are handed to the branches.
#pragma once

#include <leat/dead_letter.hpp>
#include <leat/detail/record/codec.hpp>
#include <leat/detail/stage/waiting_note.hpp>
#include <leat/detail/transport/branch.hpp>

#include <deque>

namespace leat {

/// The part of an emitter that does not know the type of its records; a stage that hands on records
/// as they are needs no more. Not thread-safe.
class stage_output {
public:
  stage_output(const record_type& type, fanout to);

  /// For sources: makes a dead letter of input that is not a record. `place`: file and line.
  void reject(std::string reason, std::string place, std::string raw);

  /// For sources: what the reader waits for. Progress and metrics show it until the next record. A
  /// reader that blocks calls this before.
  void waiting_for(std::string what);

  /// For operators: what is emitted until the next record or timer has this event time, instead of
  /// that of the record or timer. It may be before the watermark.
  void emit_at(event_time own) { time_ = own; }

  /// Whether the frame is full. A reader should then return pull_status::more().
  bool full() { return held_back_ || gauge_.full(*rows_); }

  // What follows is called by stages and the runtime, not by operators.

  /// Of a stage: records inherit `carried` of the record that they descend from, and go by
  /// themselves when they fill a frame.
  void open(const frame_limits& limits, const carried_columns& carried, std::string stage,
            dead_letter_sink* dead_letters);
  /// Of a source's reader: the source completes what is gathered.
  void open_for_reader(const frame_limits& limits, std::string stage,
                       dead_letter_sink* dead_letters);

  /// Where waiting_for() is told.
  void tell_waiting(std::shared_ptr<waiting_note> to) { waiting_ = std::move(to); }

  /// What is emitted from here on descends from this record. `numbered`: it may have several
  /// descendants. Stamps rise along an edge. What comes late, from a channel that was idle or
  /// between records, takes the present position: that is the promise itself if there is one, or a
  /// merge would wait for others to pass a position that they may not reach.
  void descend_from(const envelope_view& e, bool numbered) {
    time_ = e.time, late_ = e.late, ingested_ = e.ingested;
    if (!carried_.stamps)
      return;
    if (!rises(e.at))
      return descend_late(e.at);
    from_ = e.at;
    number(from_);
    child_ = 0;
    numbered_ = numbered;
  }

  const carried_columns& carried() const { return carried_; }
  bool empty() const { return aside_.empty() && rows_->size() == 0; }
  std::size_t capacity() const { return gauge_.capacity(); }
  /// How many records more are likely to fill a frame; 0 if it is full already.
  std::size_t room() { return gauge_.room(*rows_); }

  /// Emits records of a frame from `next` on, as many as go in one block, and moves `next` on. Each
  /// is its own only descendant. `owner`: nobody needs them there any more.
  void pass_on(rows& from, std::size_t& next, std::size_t end, bool owner);

  /// Of a reader: takes over records from `next` on until the frame is full, and moves `next` on.
  void take_over(rows& from, std::size_t& next, std::size_t end);

  /// Hands the records emitted so far to the branches. True if they are on their way and nothing is
  /// blocked.
  bool hand_on();

  /// Hands on a frame as it is, behind what was emitted so far. Not while blocked.
  void forward(frame f);

  /// This was promised of what is still to come.
  void promised(const stamp& s) { floor_ = std::max(floor_, s); }

  /// Lets branches that are through with all that was emitted know how far the stage is.
  void passed(const stamp& s);

  bool blocked() const { return !aside_.empty() || to_.blocked(); }
  void resume();
  void list_ports(std::vector<port*>& all) { to_.list_ports(all); }
  rows& gathered() { return *rows_; }
  /// What is gathered goes another way.
  std::shared_ptr<rows> take();
  /// Drops what is gathered: its records were moved on.
  void clear();

  /// Appends where it stands, on which the stamps of what follows depend. Contract: empty().
  void save(std::string& to) const;
  /// After open(). `joins`: another output was loaded before, and this one goes on for both: all
  /// that comes from here on stands after what either has promised away, or after less. False if
  /// the bytes are none that save writes.
  bool load(byte_cursor& from, bool joins);

  /// Records handed on since the last call.
  std::uint64_t take_count() { return std::exchange(emitted_, 0); }

protected:
  /// Adds the envelope of the record that is gathered next.
  void add_envelope(std::size_t row) {
    rows_->envelopes.add(row, {from_, time_, late_, ingested_}, carried_);
    if (carried_.stamps && numbered_)
      rows_->envelopes.descend_last(child_++);
  }
  /// A frame filled up in mid-verb, and may not go yet.
  void set_aside();

  std::shared_ptr<rows> rows_;
  frame_gauge gauge_;
  carried_columns carried_;
  stamp from_; // what is emitted descends from it, and has these:
  event_time time_ = begin_of_time;
  bool late_ = false;
  clock_time ingested_ = 0;
  stamp floor_; // all up to it is promised away, or was emitted in frames before this one
  std::uint64_t child_ = 0;
  bool numbered_ = false;
  bool inherits_ = false;
  bool held_back_ = false; // it was blocked when it was last handed on

private:
  bool rises(const stamp& s) const {
    const envelope_columns& gathered = rows_->envelopes;
    return s > from_ && s > floor_ && !(gathered.stamped() && s <= gathered.last_stamp());
  }
  void number(stamp& s) const {
    if (const auto number = to_.number())
      s.path = s.path.child(*number);
  }
  void descend_late(const stamp& at);
  std::shared_ptr<rows> send(std::shared_ptr<rows> full);
  void note_stamps(const rows& handed_on);
  void renew(std::shared_ptr<rows> returned = nullptr);

  const record_type& type_;
  fanout to_;
  std::deque<std::shared_ptr<rows>> aside_; // before rows_
  std::string stage_;
  dead_letter_sink* dead_letters_ = nullptr;
  std::shared_ptr<waiting_note> waiting_;
  std::size_t last_size_ = 1; // of what was handed on
  std::uint64_t emitted_ = 0;
};

} // namespace leat
