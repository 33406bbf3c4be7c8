// A port is the sender's end of an edge: one lane to each subtask of the consuming stage, each with
// its own credit and its own open frame.
#pragma once

#include <leat/detail/transport/frame.hpp>
#include <leat/detail/transport/frame_limits.hpp>

#include <cassert>
#include <span>

namespace leat {

/// Carries frames to the consumer of a port's lane. Implemented by the runtime.
class wire {
public:
  virtual ~wire() = default;
  virtual void send(std::size_t port, std::size_t lane, frame f) = 0;
  /// What is promised on all lanes of a port. It counts at the end of a lane once this many frames
  /// have arrived there; a later promise replaces it.
  virtual void promise(std::size_t port, const mark& m, std::span<const std::uint64_t> frames) = 0;
};

/// What the plan decides for an edge.
struct edge_settings {
  std::size_t lanes = 1;
  carried_columns
      carried; ///< what the consumer, or one behind it, needs; with stamps also promises
  credit credit_limit;
  frame_limits limits;
};

/// The part of a port that does not know its record type. Not thread-safe: it lives in one actor.
class port {
public:
  virtual ~port() = default;

  /// Which edge of the plan this is the end of; set by the graph.
  std::size_t edge = 0;

  void connect(wire& w, std::size_t index, const edge_settings& settings, const clock& time) {
    wire_ = &w, index_ = index, settings_ = settings, clock_ = &time;
    lanes_.clear();
    lanes_.resize(settings.lanes);
    begun_.assign(settings.lanes, 0);
    open_lanes_ = 0;
    for (lane& l : lanes_)
      l.window = credit_window{settings.credit_limit};
    on_connect();
  }

  bool connected() const { return wire_ != nullptr; }
  std::size_t lanes() const { return lanes_.size(); }
  const carried_columns& carried() const { return settings_.carried; }

  /// True while a whole frame waits for credit: its stage must pause.
  bool blocked() const { return blocked_lanes_ > 0; }

  /// True if no consumer wants any more.
  bool cancelled() const { return cancelled_lanes_ == lanes_.size(); }

  /// False if that is more than was spent.
  bool grant(std::size_t i, const credit& returned) {
    const bool fits = lanes_[i].window.grant(returned);
    if (lanes_[i].waiting)
      send_waiting(i);
    return fits;
  }

  /// The consumer behind this lane wants no more: what is sent to it from now on is let go.
  void cancel(std::size_t i) {
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

  /// Raises the promise that goes out with the next flush: all it speaks of was pushed.
  void advance(const mark& m) { mark_.raise(m); }
  /// The same of progress alone.
  void passed(const stamp& s) { mark_.progress = std::max(mark_.progress, s); }

  /// Sends every open frame for which there is credit, then what is promised.
  void flush() {
    for (std::size_t i = 0; open_lanes_ > 0 && i < lanes_.size(); ++i)
      if (lane& l = lanes_[i]; l.open && !l.waiting && l.window.open())
        send_open(i);
    tell();
  }

  /// The same for a stage that will now wait for credit.
  void stall() {
    mark_.stalled = true;
    mark_.idle = false;
    flush();
  }

  /// Sends an event to all lanes. It needs no credit and takes each lane's open frame with it.
  void send_event(const std::shared_ptr<const barrier>& at, bool last) {
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

  /// Publishes the time spent blocked, in nanoseconds, and since when it is blocked now (0: it is
  /// not).
  void measure(std::atomic<clock_time>& total, std::atomic<clock_time>& since) const {
    total.store(stalled_, std::memory_order_relaxed);
    since.store(blocked() ? blocked_since_ : 0, std::memory_order_relaxed);
  }

protected:
  struct lane {
    credit_window window;
    std::shared_ptr<rows> open;   // grows until it is full or flushed
    std::size_t open_bytes = 0;   // of it, counted where records own heap
    std::size_t last_size = 8;    // of the last frame
    std::optional<frame> waiting; // whole, without credit
    bool cancelled = false;
  };

  virtual void on_connect() {}

  /// Sends a whole frame, or keeps it and blocks. At most one frame may wait in a lane.
  void send_or_wait(std::size_t i, frame f) {
    lane& l = lanes_[i];
    if (l.window.open() || l.cancelled) {
      transmit(i, std::move(f));
      return;
    }
    l.waiting = std::move(f);
    if (blocked_lanes_++ == 0)
      blocked_since_ = clock_->now();
  }

  void send_open(std::size_t i) {
    frame f;
    lanes_[i].last_size = lanes_[i].open->size();
    f.records = take_open(i);
    send_or_wait(i, std::move(f));
  }

  void open(std::size_t i, std::shared_ptr<rows> empty) {
    lane& l = lanes_[i];
    l.open = std::move(empty);
    l.open_bytes = 0;
    ++open_lanes_;
    begin_frame(i);
  }

  void begin_frame(std::size_t i) {
    ++begun_[i];
    mark_.idle = false; // until the stage says so anew
  }

  std::vector<lane> lanes_;
  std::vector<std::uint64_t> begun_; // frames, by lane: what was pushed ends with the last of them
  edge_settings settings_;

private:
  void send_waiting(std::size_t i) {
    lane& l = lanes_[i];
    if (!l.window.open() && !l.cancelled)
      return;
    frame f = std::move(*l.waiting);
    l.waiting.reset();
    if (--blocked_lanes_ == 0)
      stalled_ += clock_->now() - blocked_since_;
    transmit(i, std::move(f));
  }

  std::shared_ptr<rows> take_open(std::size_t i) {
    --open_lanes_;
    return std::exchange(lanes_[i].open, nullptr);
  }

  void tell() {
    if (!settings_.carried.stamps || mark_ == told_)
      return;
    told_ = mark_;
    wire_->promise(index_, mark_, begun_);
  }

  void transmit(std::size_t i, frame f) {
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

  wire* wire_ = nullptr;
  std::size_t index_ = 0;
  const clock* clock_ = nullptr;
  mark mark_;
  mark told_;
  std::size_t open_lanes_ = 0;
  std::size_t blocked_lanes_ = 0;
  std::size_t cancelled_lanes_ = 0;
  clock_time blocked_since_ = 0;
  clock_time stalled_ = 0;
};

/// A port for records of type T.
template <class T>
class port_of final : public port {
public:
  /// Adds a record to a lane's open frame, and sends that when it is full. If the lane is blocked
  /// the frame just grows: the caller pauses after the record it is at. False if now blocked.
  template <class U>
  bool push(std::size_t i, U&& record, const envelope& e) {
    lane& l = lanes_[i];
    if (!l.open)
      open(i, make_rows<T>(l.last_size, capacity_));
    auto& to = static_cast<rows_of<T>&>(*l.open);
    if constexpr (owns_heap<T>)
      l.open_bytes += sizeof(T) + heap_bytes(static_cast<const T&>(record));
    to.add(std::forward<U>(record), e, settings_.carried);
    if (!full(l, to))
      return true;
    if (!l.waiting)
      send_open(i);
    return !blocked();
  }

  /// Sends a frame as it is. Neither while blocked nor behind an open frame.
  void forward(std::size_t i, frame f) {
    assert(!lanes_[i].open && !lanes_[i].waiting);
    begin_frame(i);
    send_or_wait(i, std::move(f));
  }

  bool has_open(std::size_t i) const { return lanes_[i].open != nullptr; }

  std::size_t capacity() const { return capacity_; }

private:
  void on_connect() override { capacity_ = settings_.limits.capacity<T>(); }

  bool full(const lane& l, const rows_of<T>& open) const {
    return open.records.size() >= capacity_ ||
           (owns_heap<T> && l.open_bytes >= settings_.limits.bytes);
  }

  std::size_t capacity_ = 1;
};

} // namespace leat
