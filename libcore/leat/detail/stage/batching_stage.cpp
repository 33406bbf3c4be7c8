#include <leat/detail/stage/batching_stage.hpp>

#include <leat/detail/record/plain_bytes.hpp>

namespace leat {

namespace {

// Stamps below `least` are raised to it.
void move_rows(rows& from, std::size_t begin, std::size_t end, bool owner, rows& to,
               const stamp& least) {
  const carried_columns carried = from.envelopes.carried();
  envelope_cursor envelopes(from.envelopes, carried);
  for (std::size_t i = begin, row = to.size(); i < end; ++i, ++row) {
    envelope e = envelopes.at(i);
    if (carried.stamps)
      e.at = std::max(e.at, least);
    to.envelopes.add(row, e, carried);
  }
  to.append(from, begin, end, owner);
}

// A full disk is no fault of the record that was taken last, whatever the error says.
failure cannot_spill(const error& e) {
  return failure(external_error(
      e.what, "free some space, choose another folder by --batch-folder, or raise --batch-memory: "
              "a pane is larger than that, and the rest of it goes into this file"));
}

} // namespace

batching_stage::batching_stage(const record_type& type, any_batching batching, fanout to,
                               const row_codec* codec)
    : emitting_stage(out_), type_(type), codec_(codec), out_(type, std::move(to)),
      batching_(batching), gauge_(type) {
  out_.list_ports(ports_);
}

result<void> batching_stage::open(const stage_services& services) {
  const frame_limits larger{std::max(services.limits.records, least_fragment.records),
                            std::max(services.limits.bytes, least_fragment.bytes)};
  fragment_ = larger.capacity(type_.size);
  constexpr std::size_t least_fragments = 16; // in the memory for a pane; envelopes take more
  gauge_ = frame_gauge(
      type_, {larger.records, std::min(larger.bytes, services.batch_memory / least_fragments)});
  return emitting_stage::open(services);
}

void batching_stage::consume(std::size_t, frame& f, std::size_t& next, std::size_t end) {
  const std::size_t first = next;
  while (next < end && !blocked()) {
    const std::size_t room = batching_.count() - held_;
    if (held_ > 0)
      fill(f, next, next + std::min(end - next, room));
    else
      take(f, next, batching_.count() > fragment_ ? next + std::min(end - next, room) : end);
    if (held_ == batching_.count() || (!codec_ && exceeds_memory()))
      close();
  }
  stage_counters::add(services_.counters->records_in, next - first);
}

void batching_stage::advance(const mark& m) {
  position_ = std::max(position_, with_descendants(m.progress));
  if (m.stalled && held_ > 0 && out_.carried().stamps)
    close();
  if (held_ == 0 && ready_.empty())
    return promise(m);
  if (!marks_.empty() && marks_.back().after == taken_)
    marks_.back().at.raise(m);
  else
    marks_.push_back({taken_, m});
}

void batching_stage::wake() {
  armed_for_ = never;
  if (held_ == 0 || batching_.delay().count() == 0)
    return;
  if (services_.time->now() >= deadline_)
    close();
  else
    arm();
}

result<command_effect> batching_stage::prepare(const command& c) {
  if (c.verb != batching_verb)
    return emitting_stage::prepare(c);
  const auto next = any_batching::parse(c.payload);
  if (!next)
    return next.error();
  return command_effect([this, next = *next] { batching_ = next; });
}

bool batching_stage::at_barrier(const barrier&) {
  if (held_ > 0)
    close();
  return drain();
}

result<void> batching_stage::save(std::string& to) const {
  append_binary(to, batching_.text());
  put_plain(to, position_);
  return emitting_stage::save(to);
}

result<void> batching_stage::load(byte_cursor& from) {
  std::string text;
  const bool is_whole = read_binary(from, text) && get_least(from, position_);
  const auto batching = any_batching::parse(text);
  if (!is_whole || !batching)
    return loaded(false);
  batching_ = *batching;
  return emitting_stage::load(from);
}

bool batching_stage::finish() {
  if (held_ > 0)
    close();
  return drain();
}

void batching_stage::stall(const stamp&) { emitting_stage::stall({}); }

void batching_stage::resume() {
  emitting_stage::resume();
  pump();
}

// What may be promised, pump() has: marks go with the panes before them.
bool batching_stage::drain() {
  pump();
  if (!ready_.empty())
    return false;
  const bool clear = out_.hand_on();
  stage_counters::add(services_.counters->records_out, out_.take_count());
  return clear;
}

// With no pane open: whole panes pass with their frame, only the rest is held.
void batching_stage::take(frame& f, std::size_t& next, std::size_t end) {
  auto records = take_rows(f, next, end);
  const std::size_t n = records->size();
  taken_ += n;
  next = end;
  pane_ends panes;
  std::size_t whole = 0;
  if (batching_.is_record_at_a_time()) {
    panes.ones = true;
    whole = n;
  } else if (batching_.count() <= fragment_) {
    for (; whole + batching_.count() <= n; panes.ends.push_back(static_cast<std::uint32_t>(whole)))
      whole += batching_.count();
  }
  if (whole < n) {
    auto rest = make_rows(type_);
    move_rows(*records, whole, n, true, *rest, {});
    open_pane(std::move(rest));
    if (whole > 0)
      records->truncate(whole);
  }
  if (whole > 0) {
    stage_counters::add(services_.counters->panes, panes.ones ? whole : panes.ends.size());
    emit(std::move(records), std::move(panes));
    pump();
  }
}

std::shared_ptr<rows> batching_stage::take_rows(frame& f, std::size_t begin, std::size_t end) {
  if (begin == 0 && end == f.size() && f.sole_owner() && !comes_late(f)) {
    note_position(*f.records);
    return std::move(f.records);
  }
  auto records = make_rows(type_);
  append(f, begin, end, *records);
  return records;
}

// With a pane open: adds records to it.
void batching_stage::fill(frame& f, std::size_t& next, std::size_t end) {
  if (gauge_.full(*open_.back())) {
    held_bytes_ += open_.back()->bytes();
    if (codec_)
      spill();
    gauge_.restart();
    open_.push_back(make_rows(type_));
  }
  append(f, next, end, *open_.back());
  held_ += end - next;
  taken_ += end - next;
  next = end;
}

void batching_stage::append(frame& f, std::size_t begin, std::size_t end, rows& to) {
  move_rows(*f.records, begin, end, f.sole_owner(), to, position_);
  note_position(to);
}

// What a channel that was idle brings late takes the present position: stamps rise on the way out.
bool batching_stage::comes_late(const frame& f) const {
  const envelope_columns& e = f.records->envelopes;
  return e.stamped() && e.stamp_of(0) < position_;
}

void batching_stage::note_position(const rows& taken) {
  if (taken.envelopes.stamped())
    position_ = with_descendants(taken.envelopes.last_stamp());
}

void batching_stage::open_pane(std::shared_ptr<rows> records) {
  held_ = records->size();
  gauge_.restart();
  open_.push_back(std::move(records));
  if (batching_.delay().count() == 0)
    return;
  const clock_time now = services_.time->now();
  const clock_time delay = batching_.delay().count();
  deadline_ = batching_.aligned() ? (now / delay + 1) * delay : now + delay;
  if (deadline_ < armed_for_)
    arm();
}

// One timer at a time: a pane that closes early leaves it to the next.
void batching_stage::arm() {
  armed_for_ = deadline_;
  services_.wake_at(deadline_);
}

bool batching_stage::exceeds_memory() const {
  return held_bytes_ + marks_.size() * sizeof(pending_mark) > services_.batch_memory;
}

// The oldest fragments, one by one: no call writes much.
void batching_stage::spill() {
  while (exceeds_memory() && !open_.empty()) {
    if (!spill_)
      make_spill();
    frame f;
    f.records = std::move(open_.front());
    open_.pop_front();
    held_bytes_ -= f.records->bytes();
    spilled_ += f.size();
    stage_counters::add(services_.counters->spilled, f.size());
    if (auto put = spill_->put(std::move(f)); !put)
      throw cannot_spill(put.error());
    drop_marks_within_spilled();
  }
}

void batching_stage::make_spill() {
  auto file = services_.scratch();
  if (!file)
    throw cannot_spill(file.error());
  spill_.emplace(*codec_, std::move(*file));
}

// The records after them, of which some are always in memory, promise more.
void batching_stage::drop_marks_within_spilled() {
  const std::uint64_t in_file = taken_ - held_ + spilled_;
  while (!marks_.empty() && marks_.front().after <= in_file)
    marks_.pop_front();
}

void batching_stage::close() {
  stage_counters::add(services_.counters->panes, 1);
  if (spill_) {
    ready_.push_back({{}, std::move(spill_)});
    spill_.reset();
  }
  for (std::size_t i = 0; i < open_.size(); ++i) {
    pane_ends panes;
    if (i + 1 == open_.size())
      panes.ends.push_back(static_cast<std::uint32_t>(open_[i]->size()));
    emit(std::move(open_[i]), std::move(panes));
  }
  open_.clear();
  held_ = held_bytes_ = spilled_ = 0;
  pump();
}

void batching_stage::emit(std::shared_ptr<rows> records, pane_ends panes) {
  frame f;
  f.records = std::move(records);
  f.panes = std::move(panes);
  ready_.push_back({std::move(f), {}});
}

frame batching_stage::take_ready() {
  closed_part& first = ready_.front();
  frame f;
  if (first.spilled) {
    auto taken = first.spilled->take();
    if (!taken)
      throw failure(taken.error());
    f = std::move(*taken);
  } else {
    f = std::move(first.content);
  }
  if (!first.spilled || first.spilled->empty())
    ready_.pop_front();
  return f;
}

// Fires as far as credit goes; the rest waits in ready_.
void batching_stage::pump() {
  while (!ready_.empty() && !emitting_stage::blocked()) {
    frame f = take_ready();
    passed_ += f.size();
    out_.forward(std::move(f));
  }
  for (; !marks_.empty() && marks_.front().after <= passed_; marks_.pop_front())
    promise(marks_.front().at);
}

} // namespace leat
