// A port is the sender's end of an edge: one lane to each subtask of the consuming stage, each with
// its own credit and its own open frame.
#pragma once

#include <leat/detail/transport/frame.hpp>
#include <leat/detail/transport/frame_limits.hpp>

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

/// Not thread-safe: it lives in one actor.
class port {
public:
  explicit port(const record_type& type, std::size_t edge_of_plan = 0)
      : edge(edge_of_plan), type_(type) {}

  /// Which edge of the plan this is the end of.
  const std::size_t edge;

  void connect(wire& w, std::size_t index, const edge_settings& settings, const clock& time);

  bool connected() const { return wire_ != nullptr; }
  std::size_t lanes() const { return lanes_.size(); }
  const carried_columns& carried() const { return settings_.carried; }

  /// True while a whole frame waits for credit: its stage must pause.
  bool blocked() const { return blocked_lanes_ > 0; }

  /// True if no consumer wants any more.
  bool cancelled() const { return cancelled_lanes_ == lanes_.size(); }

  /// False if that is more than was spent.
  bool grant(std::size_t i, const credit& returned);

  /// The consumer behind this lane wants no more: what is sent to it from now on is let go.
  void cancel(std::size_t i);

  /// Raises the promise that goes out with the next flush: all it speaks of was pushed.
  void advance(const mark& m) { mark_.raise(m); }
  /// The same of progress alone.
  void passed(const stamp& s) { mark_.progress = std::max(mark_.progress, s); }

  /// Sends every open frame for which there is credit, then what is promised.
  void flush();
  /// The same for a stage that will now wait for credit.
  void stall();

  /// Sends an event to all lanes. It needs no credit and takes each lane's open frame with it.
  void send_event(const std::shared_ptr<const barrier>& at, bool last);

  /// Publishes the time spent blocked, in nanoseconds, and since when it is blocked now (0: it is
  /// not).
  void measure(std::atomic<clock_time>& total, std::atomic<clock_time>& since) const;

  /// What consumers were promised last.
  const mark& told() const { return told_; }

  /// Adds a record of type T, which is the port's, to a lane's open frame, and sends that when it
  /// is full. If the lane is blocked the frame just grows: the caller pauses after the record it is
  /// at. False if now blocked.
  template <class T, class U = T>
  bool push(std::size_t i, U&& record, const envelope_view& e) {
    lane& l = lanes_[i];
    if (!l.open) [[unlikely]]
      open(i);
    l.open->add<T>(std::forward<U>(record), e, settings_.carried);
    return !l.gauge.full<T>(*l.open) || send_full(i);
  }

  /// How many of records [begin, end) fill a lane's open frame, or all of them; at least one.
  std::size_t room(std::size_t i, const rows& from, std::size_t begin, std::size_t end);
  /// Adds so many records, as push() does. `owner`: nobody needs them in `from` any more.
  bool append(std::size_t i, rows& from, std::size_t begin, std::size_t end, bool owner,
              std::optional<std::uint32_t> child);

  /// Sends a frame as it is. Neither while blocked nor behind an open frame.
  void forward(std::size_t i, frame f);

  bool has_open(std::size_t i) const { return lanes_[i].open != nullptr; }
  /// How many records fill a frame, whatever they own on the heap.
  std::size_t capacity() const { return settings_.limits.capacity(type_.size); }

private:
  struct lane {
    lane(const record_type& type, const edge_settings& s)
        : window(s.credit_limit), gauge(type, s.limits) {}
    credit_window window;
    std::shared_ptr<rows> open;   // grows until it is full or flushed
    frame_gauge gauge;            // of it
    std::size_t last_size = 8;    // of the last frame
    std::optional<frame> waiting; // whole, without credit
    bool cancelled = false;
  };

  void open(std::size_t i);
  void begin_frame(std::size_t i);
  bool send_full(std::size_t i);
  void send_open(std::size_t i);
  void send_or_wait(std::size_t i, frame f);
  void send_waiting(std::size_t i);
  std::shared_ptr<rows> take_open(std::size_t i);
  void tell();
  void transmit(std::size_t i, frame f);

  const record_type& type_;
  std::vector<lane> lanes_;
  std::vector<std::uint64_t> begun_; // frames, by lane: what was pushed ends with the last of them
  edge_settings settings_;
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

} // namespace leat
