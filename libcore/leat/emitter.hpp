// The output of operators, sources and other stages.
#pragma once

#include <leat/dead_letter.hpp>
#include <leat/detail/record/plain_bytes.hpp>
#include <leat/detail/stage/waiting_note.hpp>
#include <leat/detail/transport/branch.hpp>

#include <deque>

namespace leat {

/// Calling it emits a record, which inherits the envelope of the record being processed. Emitted
/// records are gathered and sent whenever they fill a frame, as long as there is credit. Without
/// credit, what `process` emits in one call is held in memory. Not thread-safe.
template <class T>
class emitter {
public:
  explicit emitter(fanout<T> to) : to_(std::move(to)) {}

  void operator()(T record) {
    if (!inherits_)
      return rows_->records.push_back(std::move(record));
    rows_->add(std::move(record), next_envelope(), carried_);
    if (gauge_.full(rows_->records) && !hand_on())
      set_aside();
  }

  /// Emits the results of `count` calls of `make()`: the fastest way for sources, whose records get
  /// their envelopes later. With `make(record)`, it assigns to the fields of an existing record,
  /// which compilers copy faster than a returned value.
  template <class Make>
  void fill(std::size_t count, Make make) {
    auto& records = rows_->records;
    const std::size_t first = records.size();
    if (inherits_)
      rows_->envelopes.note_ingest(first, next_.ingested);
    records.resize(first + count);
    for (T* r = records.data() + first; count > 0; --count, ++r)
      if constexpr (std::is_invocable_v<Make&, T&>)
        make(*r);
      else
        *r = make();
  }

  /// For sources: makes a dead letter of input that is not a record. `place`: file and line.
  void reject(std::string reason, std::string place, std::string raw) {
    dead_letters_->put({std::move(reason), stage_, std::move(place), std::move(raw)});
  }

  /// For sources: what the reader waits for. Progress and metrics show it until the next record. A
  /// reader that blocks calls this before.
  void waiting_for(std::string what) {
    if (waiting_)
      waiting_->set(std::move(what));
  }

  /// Whether the frame is full. A reader should then return pull_status::more().
  bool full() { return held_back_ || gauge_.full(rows_->records); }

  // What follows is called by stages and the runtime, not by operators.

  /// Of a stage: records inherit `carried` of the record that they descend from, and go by
  /// themselves when they fill a frame.
  void open(const frame_limits& limits, const carried_columns& carried, std::string stage,
            dead_letter_sink* dead_letters) {
    open_for_reader(limits, std::move(stage), dead_letters);
    carried_ = carried, inherits_ = true;
  }

  /// Of a source's reader: the source completes what is gathered.
  void open_for_reader(const frame_limits& limits, std::string stage,
                       dead_letter_sink* dead_letters) {
    gauge_ = frame_gauge<T>(limits), inherits_ = false;
    stage_ = std::move(stage), dead_letters_ = dead_letters;
    last_size_ = capacity();
    renew();
  }

  /// Where waiting_for() is told.
  void tell_waiting(std::shared_ptr<waiting_note> to) { waiting_ = std::move(to); }

  /// What is emitted from here on descends from this record. `numbered`: it may have several
  /// descendants. Stamps rise along an edge. What comes late, from a channel that was idle or
  /// between records, takes the present position: that is the promise itself if there is one, or a
  /// merge would wait for others to pass a position that they may not reach.
  void descend_from(const envelope& e, bool numbered) {
    next_.time = e.time, next_.late = e.late, next_.ingested = e.ingested;
    if (!carried_.stamps)
      return;
    if (e.at > from_ && e.at > last_ && e.at > floor_) {
      from_ = of_this_output(e.at);
      child_ = 0;
      numbered_ = numbered;
    } else if (numbered_ && of_this_output(e.at) == from_) {
      // On from those before, also if they were handed on: none of these was promised away.
    } else if (floor_ >= from_ && floor_ >= last_) {
      from_ = floor_;
      numbered_ = false;
    } else {
      numbered_ = true; // on from the record before
    }
  }

  const carried_columns& carried() const { return carried_; }
  bool empty() const { return aside_.empty() && rows_->records.empty(); }
  std::size_t capacity() const { return gauge_.capacity(); }
  /// How many records more are likely to fill a frame; 0 if it is full already.
  std::size_t room() { return gauge_.room(rows_->records); }

  /// Hands the records emitted so far to the branches. True if they are on their way and nothing is
  /// blocked.
  bool hand_on() {
    resume();
    if (held_back_)
      return false;
    if (rows_->records.empty())
      return true;
    gauge_.restart_after(rows_->records);
    last_size_ = rows_->records.size();
    renew(send(std::move(rows_)));
    held_back_ = to_.blocked();
    return !held_back_;
  }

  /// Hands on a frame as it is, behind what was emitted so far. Not while blocked.
  void forward(frame f) {
    emitted_ += f.size();
    note_stamps(*f.records);
    to_.accept(f);
  }

  /// This was promised of what is still to come.
  void promised(const stamp& s) { floor_ = std::max(floor_, s); }

  /// Lets branches that are through with all that was emitted know how far the stage is.
  void passed(const stamp& s) {
    if (empty())
      to_.passed(s);
  }

  bool blocked() const { return !aside_.empty() || to_.blocked(); }
  void resume() {
    if (to_.blocked())
      to_.resume();
    for (; !aside_.empty() && !to_.blocked(); aside_.pop_front())
      send(std::move(aside_.front()));
    held_back_ = blocked();
  }
  void list_ports(std::vector<port*>& all) { to_.list_ports(all); }
  rows_of<T>& gathered() { return *rows_; }
  /// What is gathered goes another way.
  std::shared_ptr<rows_of<T>> take() {
    gauge_.restart_after(rows_->records);
    last_size_ = rows_->records.size();
    auto taken = std::move(rows_);
    renew();
    return taken;
  }
  /// Drops what is gathered: its records were moved on.
  void clear() {
    gauge_.restart_after(rows_->records);
    rows_->clear();
  }

  /// Appends where it stands, on which the stamps of what follows depend. Contract: empty().
  void save(std::string& to) const {
    put_plain(to, from_), put_plain(to, last_), put_plain(to, floor_);
    put_plain(to, child_), put_plain(to, numbered_);
  }
  /// After open(). False if the bytes are none that save writes.
  bool load(byte_cursor& from) {
    return get_plain(from, from_) && get_plain(from, last_) && get_plain(from, floor_) &&
           get_plain(from, child_) && read_binary_value(from, numbered_);
  }

  /// Records handed on since the last call.
  std::uint64_t take_count() { return std::exchange(emitted_, 0); }

private:
  stamp of_this_output(stamp s) const {
    if (const auto number = to_.number())
      s.path = s.path.child(*number);
    return s;
  }

  const envelope& next_envelope() {
    if (carried_.stamps) {
      next_.at = from_;
      if (numbered_)
        next_.at.path = from_.path.child(child_++);
      last_ = next_.at;
    }
    return next_;
  }

  // Returns the rows if the branches are through with them.
  std::shared_ptr<rows> send(std::shared_ptr<rows_of<T>> full) {
    emitted_ += full->records.size();
    note_stamps(*full);
    frame f;
    f.records = std::move(full);
    to_.accept(f);
    return f.records && f.sole_owner() ? std::move(f.records) : nullptr;
  }

  // A frame that filled up in mid-verb, and may not go yet.
  void set_aside() {
    if (rows_->records.empty())
      return; // it went, and no other may for now
    gauge_.restart_after(rows_->records);
    aside_.push_back(std::move(rows_));
    renew();
  }

  // Branches promise that no more comes of records that they are through with.
  void note_stamps(const rows& handed_on) {
    if (handed_on.envelopes.stamped())
      promised(with_descendants(handed_on.envelopes.last_stamp()));
  }

  // Rows that came back from the branches are used again.
  void renew(std::shared_ptr<rows> returned = nullptr) {
    if (returned) {
      rows_ = std::static_pointer_cast<rows_of<T>>(std::move(returned));
      rows_->clear();
    } else {
      rows_ = make_rows<T>(last_size_, capacity());
    }
  }

  fanout<T> to_;
  std::deque<std::shared_ptr<rows_of<T>>> aside_; // before rows_
  std::shared_ptr<rows_of<T>> rows_;
  std::string stage_;
  dead_letter_sink* dead_letters_ = nullptr;
  std::shared_ptr<waiting_note> waiting_;
  frame_gauge<T> gauge_;
  std::size_t last_size_ = 1; // of what was handed on
  std::uint64_t emitted_ = 0;
  carried_columns carried_;
  envelope next_; // but for its stamp, which follows from these:
  stamp from_;
  stamp last_;  // of what was emitted
  stamp floor_; // all up to it is promised away
  std::uint64_t child_ = 0;
  bool numbered_ = false;
  bool inherits_ = false;
  bool held_back_ = false; // it was blocked when it was last handed on
};

} // namespace leat
