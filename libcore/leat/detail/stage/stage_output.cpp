#include <leat/detail/stage/stage_output.hpp>

#include <leat/detail/record/plain_bytes.hpp>

namespace leat {

stage_output::stage_output(const record_type& type, fanout to)
    : gauge_(type), type_(type), to_(std::move(to)) {}

void stage_output::reject(std::string reason, std::string place, std::string raw) {
  dead_letters_->put({std::move(reason), stage_, std::move(place), std::move(raw)});
}

void stage_output::waiting_for(std::string what) {
  if (waiting_)
    waiting_->set(std::move(what));
}

void stage_output::open(const frame_limits& limits, const carried_columns& carried,
                        std::string stage, dead_letter_sink* dead_letters) {
  open_for_reader(limits, std::move(stage), dead_letters);
  carried_ = carried, inherits_ = true;
}

void stage_output::open_for_reader(const frame_limits& limits, std::string stage,
                                   dead_letter_sink* dead_letters) {
  gauge_ = frame_gauge(type_, limits), inherits_ = false;
  stage_ = std::move(stage), dead_letters_ = dead_letters;
  last_size_ = capacity();
  renew();
}

void stage_output::pass_on(rows& from, std::size_t& next, std::size_t end, bool owner) {
  const std::size_t to = next + gauge_.fitting(*rows_, from, next, end);
  envelope_cursor envelopes(from.envelopes, carried_);
  for (std::size_t i = next, row = rows_->size(); i < to; ++i, ++row) {
    descend_from(envelopes.at(i), false);
    add_envelope(row);
  }
  rows_->append(from, next, to, owner);
  next = to;
}

void stage_output::take_over(rows& from, std::size_t& next, std::size_t end) {
  if (next == end || full())
    return;
  const std::size_t to = next + gauge_.fitting(*rows_, from, next, end);
  rows_->append(from, next, to, true);
  next = to;
}

void stage_output::descend_late(const stamp& at) {
  stamp here = at;
  number(here);
  if (numbered_ && here == from_)
    return; // on from those before, also if they were handed on: none of these was promised away
  const envelope_columns& gathered = rows_->envelopes;
  if (floor_ >= from_ && !(gathered.stamped() && gathered.last_stamp() > floor_)) {
    from_ = floor_;
    numbered_ = false;
  } else {
    numbered_ = true; // on from the record before
  }
}

bool stage_output::hand_on() {
  resume();
  if (held_back_)
    return false;
  if (rows_->size() == 0)
    return true;
  gauge_.restart_after(*rows_);
  last_size_ = rows_->size();
  renew(send(std::move(rows_)));
  held_back_ = to_.blocked();
  return !held_back_;
}

void stage_output::forward(frame f) {
  emitted_ += f.size();
  note_stamps(*f.records);
  to_.accept(f);
}

void stage_output::passed(const stamp& s) {
  if (empty())
    to_.passed(s);
}

void stage_output::resume() {
  if (to_.blocked())
    to_.resume();
  for (; !aside_.empty() && !to_.blocked(); aside_.pop_front())
    send(std::move(aside_.front()));
  held_back_ = blocked();
}

std::shared_ptr<rows> stage_output::take() {
  gauge_.restart_after(*rows_);
  last_size_ = rows_->size();
  auto taken = std::move(rows_);
  renew();
  return taken;
}

void stage_output::clear() {
  gauge_.restart_after(*rows_);
  rows_->clear();
}

void stage_output::save(std::string& to) const {
  put_plain(to, from_), put_plain(to, floor_);
  put_plain(to, child_), put_plain(to, numbered_);
}

bool stage_output::load(byte_cursor& from, bool joins) {
  stamp last, floor;
  std::uint64_t child = 0;
  bool numbered = false;
  if (!get_plain(from, last) || !get_plain(from, floor) || !get_plain(from, child) ||
      !read_binary_value(from, numbered))
    return false;
  if (!joins || last < from_)
    from_ = last, child_ = child, numbered_ = numbered;
  floor_ = joins ? std::min(floor_, floor) : floor;
  return true;
}

void stage_output::set_aside() {
  if (rows_->size() == 0)
    return; // it went, and no other may for now
  gauge_.restart_after(*rows_);
  note_stamps(*rows_);
  aside_.push_back(std::move(rows_));
  renew();
}

// Returns the rows if the branches are through with them.
std::shared_ptr<rows> stage_output::send(std::shared_ptr<rows> full) {
  emitted_ += full->size();
  note_stamps(*full);
  frame f;
  f.records = std::move(full);
  to_.accept(f);
  return f.records && f.sole_owner() ? std::move(f.records) : nullptr;
}

// Branches promise that no more comes of records that they are through with.
void stage_output::note_stamps(const rows& handed_on) {
  if (handed_on.envelopes.stamped())
    promised(with_descendants(handed_on.envelopes.last_stamp()));
}

// Rows that came back from the branches are used again.
void stage_output::renew(std::shared_ptr<rows> returned) {
  if (returned) {
    rows_ = std::move(returned);
    rows_->clear();
  } else {
    rows_ = make_rows(type_, last_size_, capacity(), carried_);
  }
}

} // namespace leat
