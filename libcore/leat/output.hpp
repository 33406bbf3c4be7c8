// Where a stage's verb puts the records it emits.
#pragma once

#include <leat/branch.hpp>
#include <leat/dead_letter.hpp>

#include <algorithm>

namespace leat {

/// Calling it emits a record. The record inherits stamp and ingest time of the one being processed.
template <class T>
class output {
public:
  explicit output(fanout<T> to) : to_(std::move(to)) {}

  void operator()(T record) {
    if (stamped_) {
      stamp s = from_;
      if (numbered_)
        s.path = s.path.child(child_++);
      rows_->stamps.push_back(last_ = s);
    }
    rows_->records.push_back(std::move(record));
  }

  /// Emits `make()` `count` times: the fastest way where no stamps are kept, so for sources, whose
  /// records get theirs later. `make(record)` instead fills in a record that stands there already:
  /// compilers copy a part of a record as a whole only where it need not pass through a value.
  template <class Make>
  void fill(std::size_t count, Make make) {
    auto& records = rows_->records;
    const std::size_t first = records.size();
    records.resize(first + count);
    for (T* r = records.data() + first; count > 0; --count, ++r)
      if constexpr (std::is_invocable_v<Make&, T&>)
        make(*r);
      else
        *r = make();
  }

  /// For sources: what could not become a record is kept as a dead letter.
  void reject(std::string reason, std::string place, std::string raw) {
    office_->put({std::move(reason), stage_, std::move(place), std::move(raw)});
  }

  // What follows is called by stages and the runtime, not by operators.

  void open(std::size_t capacity, bool stamped, std::string stage, dead_letter_office* office) {
    capacity_ = capacity, stamped_ = stamped, stage_ = std::move(stage), office_ = office;
    last_size_ = capacity;
    renew();
  }

  /// What is emitted from here on descends from this record. `numbered`: it may have several
  /// descendants. Stamps rise along an edge, so where one would not, what is emitted becomes the
  /// next child of the record before.
  void descend_from(const stamp& s, bool numbered) {
    const bool falls = s <= from_ || s <= last_;
    numbered_ = numbered || falls;
    if (falls)
      return;
    from_ = s;
    child_ = 0;
    if (const auto number = to_.number(); number && stamped_)
      from_.path = from_.path.child(*number);
  }
  void ingested_at(clock_time t) {
    if (t == last_ingest_)
      return;
    rows_->ingest.note(rows_->records.size(), t);
    last_ingest_ = t;
  }

  bool stamped() const { return stamped_; }
  bool empty() const { return rows_->records.empty(); }
  bool full() const { return rows_->records.size() >= capacity_; }
  std::size_t capacity() const { return capacity_; }
  /// How many records more fill a frame; 0 if it is full already.
  std::size_t room() const { return capacity_ - std::min(capacity_, rows_->records.size()); }

  /// Hands the records emitted so far to the branches. True if they are on their way and nothing is
  /// blocked.
  bool hand_on() {
    if (to_.blocked())
      to_.resume();
    if (to_.blocked())
      return false;
    if (rows_->records.empty())
      return true;
    rows_->ingest.truncate(rows_->records.size()); // what was noted for records that never came
    emitted_ += rows_->records.size();
    last_size_ = rows_->records.size();
    frame f;
    f.records = std::move(rows_);
    to_.accept(f);
    renew(f.records && f.sole_owner() ? std::move(f.records) : nullptr);
    return !to_.blocked();
  }

  /// Hands on a frame as it is, behind what was emitted so far. Not while blocked.
  void forward(frame f) {
    emitted_ += f.size();
    to_.accept(f);
  }

  bool blocked() const { return to_.blocked(); }
  void resume() { to_.resume(); }
  void list_ports(std::vector<port*>& all) { to_.list_ports(all); }
  rows_of<T>& gathered() { return *rows_; }

  /// Records handed on since the last call.
  std::uint64_t take_count() { return std::exchange(emitted_, 0); }

private:
  // Rows that came back from the branches are used again.
  void renew(std::shared_ptr<rows> returned = nullptr) {
    if (returned) {
      rows_ = std::static_pointer_cast<rows_of<T>>(std::move(returned));
      rows_->clear();
    } else {
      rows_ = make_rows<T>(last_size_, capacity_);
    }
    if (last_ingest_)
      rows_->ingest.note(0, last_ingest_);
  }

  fanout<T> to_;
  std::shared_ptr<rows_of<T>> rows_;
  std::string stage_;
  dead_letter_office* office_ = nullptr;
  std::size_t capacity_ = 1;
  std::size_t last_size_ = 1; // of what was handed on
  std::uint64_t emitted_ = 0;
  clock_time last_ingest_ = 0;
  stamp from_;
  stamp last_; // of what was emitted
  std::uint64_t child_ = 0;
  bool stamped_ = false;
  bool numbered_ = false;
};

} // namespace leat
