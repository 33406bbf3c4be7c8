#include <leat/detail/transport/port.hpp>

namespace leat {

void port::connect(wire& w, std::size_t index, const edge_settings& settings, const clock& time) {
  wire_ = &w, index_ = index, settings_ = settings, clock_ = &time;
  lanes_.clear();
  lanes_.reserve(settings.lanes);
  for (std::size_t i = 0; i < settings.lanes; ++i)
    lanes_.emplace_back(type_, settings);
  begun_.assign(settings.lanes, 0);
  open_lanes_ = 0;
}

bool port::grant(std::size_t i, const credit& returned) {
  const bool fits = lanes_[i].window.grant(returned);
  if (lanes_[i].waiting)
    send_waiting(i);
  return fits;
}

void port::cancel(std::size_t i) {
  lane& l = lanes_[i];
  if (l.cancelled)
    return;
  l.cancelled = true;
  ++cancelled_lanes_;
  if (l.open)
    take_open(i), --begun_[i];
  if (l.waiting)
    send_waiting(i);
}

void port::flush() {
  for (std::size_t i = 0; open_lanes_ > 0 && i < lanes_.size(); ++i)
    if (lane& l = lanes_[i]; l.open && !l.waiting && l.window.open())
      send_open(i);
  tell();
}

void port::stall() {
  mark_.stalled = true;
  mark_.idle = false;
  flush();
}

void port::send_event(const std::shared_ptr<const barrier>& at, bool last) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    assert(!lanes_[i].waiting);
    frame f;
    if (lanes_[i].open)
      f.records = take_open(i);
    else
      ++begun_[i];
    f.barrier_at = at;
    f.last = last;
    if (last)
      f.ended_at = mark_.progress.time;
    transmit(i, std::move(f));
  }
  if (last) { // or who waits for the slowest would wait for us
    mark_.raise(end_mark);
    tell();
  }
}

void port::measure(std::atomic<clock_time>& total, std::atomic<clock_time>& since) const {
  total.store(stalled_, std::memory_order_relaxed);
  since.store(blocked() ? blocked_since_ : 0, std::memory_order_relaxed);
}

std::size_t port::room(std::size_t i, const rows& from, std::size_t begin, std::size_t end) {
  if (!lanes_[i].open)
    open(i);
  return lanes_[i].gauge.fitting(*lanes_[i].open, from, begin, end);
}

bool port::append(std::size_t i, rows& from, std::size_t begin, std::size_t end, bool owner,
                  std::optional<std::uint32_t> child) {
  lane& l = lanes_[i];
  if (!l.open)
    open(i);
  l.open->envelopes.append(l.open->size(), from.envelopes, begin, end, settings_.carried, child);
  l.open->append(from, begin, end, owner);
  return !l.gauge.full(*l.open) || send_full(i);
}

void port::forward(std::size_t i, frame f) {
  assert(!lanes_[i].open && !lanes_[i].waiting);
  begin_frame(i);
  send_or_wait(i, std::move(f));
}

void port::open(std::size_t i) {
  lane& l = lanes_[i];
  l.open = make_rows(type_, l.last_size, l.gauge.capacity(), settings_.carried);
  l.gauge.restart();
  ++open_lanes_;
  begin_frame(i);
}

void port::begin_frame(std::size_t i) {
  ++begun_[i];
  mark_.idle = false; // until the stage says so anew
}

bool port::send_full(std::size_t i) {
  if (!lanes_[i].waiting)
    send_open(i);
  return !blocked();
}

void port::send_open(std::size_t i) {
  frame f;
  lanes_[i].last_size = lanes_[i].open->size();
  f.records = take_open(i);
  send_or_wait(i, std::move(f));
}

// Sends a whole frame, or keeps it and blocks. At most one frame may wait in a lane.
void port::send_or_wait(std::size_t i, frame f) {
  lane& l = lanes_[i];
  if (l.window.open() || l.cancelled) {
    transmit(i, std::move(f));
    return;
  }
  l.waiting = std::move(f);
  if (blocked_lanes_++ == 0)
    blocked_since_ = clock_->now();
}

void port::send_waiting(std::size_t i) {
  lane& l = lanes_[i];
  if (!l.window.open() && !l.cancelled)
    return;
  frame f = std::move(*l.waiting);
  l.waiting.reset();
  if (--blocked_lanes_ == 0)
    stalled_ += clock_->now() - blocked_since_;
  transmit(i, std::move(f));
}

std::shared_ptr<rows> port::take_open(std::size_t i) {
  --open_lanes_;
  return std::exchange(lanes_[i].open, nullptr);
}

void port::tell() {
  if (!settings_.carried.stamps || mark_ == told_)
    return;
  told_ = mark_;
  wire_->promise(index_, mark_, begun_);
}

void port::transmit(std::size_t i, frame f) {
  lane& l = lanes_[i];
  if (l.cancelled && !f.last && !f.barrier_at) {
    --begun_[i];
    return;
  }
  if (told_.idle && f.size() > 0) { // consumers that do not wait for us would go past this frame
    told_.idle = false;
    wire_->promise(index_, told_, begun_);
  }
  f.paid = f.cost();
  l.window.spend(f.paid);
  wire_->send(index_, i, std::move(f));
}

} // namespace leat
