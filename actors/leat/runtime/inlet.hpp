// The receiving side of a subtask: one channel from each subtask that feeds it. It decides what is
// processed next, returns credit as records enter its state, and aligns barriers.
#pragma once

#include <leat/frame.hpp>

#include <deque>

namespace leat {

class inlet {
public:
  /// A stretch of records to process. `next` moves on as they are consumed.
  struct piece {
    frame* from = nullptr;
    std::size_t* next = nullptr;
    std::size_t end = 0;
  };

  inlet() = default;
  /// `ordered`: records of several channels are merged by stamp. Otherwise they come as they
  /// arrive.
  inlet(std::size_t channels, bool ordered, const credit& window);

  /// Throws a breach of protocol: an unknown channel, a frame without credit, or one behind the
  /// last.
  void receive(std::size_t channel, frame f);

  /// Takes arrived frames into state and says what to process next. With nothing to do, no piece.
  /// A piece is valid until the next call.
  std::optional<piece> next();

  /// What is promised of the records still to come, once next() has nothing.
  mark reached() const;
  /// The same at any time, of all records that are not yet consumed: a weaker promise.
  mark passed() const;

  /// The barrier that all channels stand at, if they do. It does not wait for a merge to release
  /// what it holds: that is state.
  std::shared_ptr<const barrier> aligned() const;
  void pass_barrier();

  /// True when all channels have ended and everything was consumed.
  bool ended() const;

  /// Credit worth returning on a channel; empty if it is not worth a message yet.
  credit take_credit(std::size_t channel);

  std::size_t channels() const { return channels_.size(); }
  /// Records that were taken into state, up to the frame being processed.
  std::size_t held() const { return held_; }

private:
  struct channel {
    std::deque<frame> arrived; // in flight: their credit is out
    std::deque<frame> held;    // in state
    std::size_t next = 0;      // in held.front()
    stamp promised;            // of what was taken in
    stamp consumed;            // of frames that were consumed
    event_time watermark = begin_of_time;
    bool idle = false;
    bool ended = false;
    bool had_last = false; // nothing may arrive any more
    std::shared_ptr<const barrier> at;
    credit_return due;
  };

  void take_in();
  void take_in(channel& c);
  void drop_consumed();
  std::optional<piece> next_by_stamp();
  static stamp head(const channel& c) { return c.held.front().records->stamps[c.next]; }

  std::vector<channel> channels_;
  bool ordered_ = false;
  std::size_t held_ = 0;
  std::size_t turn_ = 0; // whose turn it is when order does not matter
};

} // namespace leat
