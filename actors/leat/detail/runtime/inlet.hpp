// The receiving side of a subtask: one channel from each subtask that feeds it. It decides what is
// processed next, returns credit, and aligns barriers.
//
// Credit returns when records enter the subtask's state. What a merge holds back is none: it is
// bounded by the credit of its lane, which returns when the merge lets a frame go. So a merge that
// waits for one channel stops those who feed the others, and they tell how far they have come
// before they stop, which is what it waits for. But records may also wait for others behind a
// barrier, and that for whoever is stopped. So while one is under way credit returns at once: what
// is held then is state of the checkpoint, and at most what was in flight.
//
// After a restart all channels begin anew, as those who feed them do: they promise again what still
// holds. What was held comes by channels of its own, one for each input, which have ended.
#pragma once

#include <leat/detail/runtime/input_edge.hpp>
#include <leat/detail/runtime/restored_records.hpp>
#include <leat/detail/transport/frame.hpp>

#include <deque>
#include <map>

namespace leat {

class inlet {
public:
  /// A stretch of records to process. `next` moves on as they are consumed.
  struct piece {
    std::size_t channel = 0;
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

  /// What is promised of all that stands behind the first `frames` frames of a channel.
  void promise(std::size_t channel, const mark& m, std::uint64_t frames);
  /// What all channels promise together, of all that follows. Only while the inlet is empty; it
  /// counts until something arrives.
  void promise_all(const mark& m);

  /// Takes arrived frames in and says what to process next; null with nothing to do. Valid until
  /// the next call.
  const piece* next();

  /// What is promised of the records that are not yet consumed. At the end of all channels: that
  /// they have come as far as the one that came furthest, so the same for all subtasks.
  mark reached();

  /// The barrier that all channels stand at, if they do. It does not wait for a merge to release
  /// what it holds: that is state.
  std::shared_ptr<const barrier> aligned() const;
  void pass_barrier();
  /// A barrier was put into the stream at the sources, and will come on all channels.
  void expect_barrier(epoch number);

  /// Appends what is held where a barrier has passed and nothing was taken in since. An error if
  /// records may be held here that cannot be encoded.
  result<void> save(std::string& to, const input_edges& edges) const;
  /// Whether a held record of this input of the stage is for this inlet.
  using claim = std::function<bool(std::size_t input, const rows&, std::size_t)>;
  /// The types in text of the records of each input, as they were saved.
  using input_types = std::map<std::uint64_t, std::string>;
  /// Takes in what save() wrote, here or elsewhere, before anything has arrived. May be called for
  /// the inlets of several subtasks.
  result<void> load(byte_cursor& from, const input_edges& edges, const input_types& saved,
                    const claim& claims);
  /// All were loaded: adds the channels by which their records come, and the edges of these.
  void begin(input_edges& edges);

  /// True when all channels have ended and everything was consumed.
  bool ended() const;

  /// Credit worth returning on a channel; empty if it is not worth a message yet.
  credit take_credit(std::size_t channel);

  /// False if no credit has come back since the last call: there is nothing to take.
  bool credit_came_back() { return std::exchange(credit_due_, false); }

  /// Those that are fed.
  std::size_t channels() const { return fed_; }
  /// Everything that has arrived was consumed.
  bool empty() const { return arrived_ == 0 && held_ == 0; }
  /// Frames ever taken in, on all channels.
  std::uint64_t taken() const { return taken_; }
  /// Records that were taken in, up to the frame being processed.
  std::size_t held() const { return held_; }

private:
  // One that stands behind frames which are not taken in, or behind the barrier that its channel
  // stands at: until that has passed it is none of what is saved. After a restart records may go
  // other ways than those which it speaks of.
  struct late_promise {
    mark at;
    std::uint64_t frames;
  };
  struct channel {
    std::deque<frame> arrived; // not taken in: their credit is out
    std::deque<frame> held;    // taken in, not yet consumed
    std::size_t next = 0;      // in held.front()
    std::uint64_t taken = 0;   // frames ever taken in
    mark promised;             // of what comes behind those
    std::optional<late_promise> late;
    bool ended = false;
    event_time ended_at = begin_of_time;
    bool had_last = false; // nothing may arrive any more
    std::shared_ptr<const barrier> at;
    credit_return due;
  };

  static void count(channel& c, mark m, std::uint64_t frames);
  static void count_late(channel& c);
  static void save(const channel& c, std::size_t input, std::string& to, const row_codec& codec);
  void take_in();
  void take_in(channel& c);
  void take_in_by_turns();
  void return_credit(channel& c, frame& f);
  void drop_consumed();
  bool next_by_stamp();
  bool next_by_arrival();
  static const stamp& head(const channel& c) {
    return c.held.front().records->envelopes.stamp_of(c.next);
  }

  std::vector<channel> channels_; // first those that are fed
  std::size_t fed_ = 0;
  bool by_stamp_ = false; // if there are several
  bool ordered_ = false;
  std::map<std::size_t, restored_records> restored_; // by input, until begin()
  event_time ended_at_ = begin_of_time;              // of channels that had ended before a restart
  epoch expected_ = 0;                               // a barrier up to this one is under way, ...
  epoch passed_ = 0;                                 // ... unless it has passed
  bool passed_now_ = false;                          // and nothing was taken in since
  std::size_t standing_ = 0;                         // channels at a barrier
  std::optional<mark> promised_;                     // by all channels, while the inlet is empty
  std::size_t arrived_ = 0;                          // frames, on all channels
  std::uint64_t taken_ = 0;                          // frames, on all channels
  std::size_t held_ = 0;                             // records
  piece piece_; // that was given out last; its channel is past the last if there is none
  bool credit_due_ = false;
  std::size_t turn_ = 0; // whose turn it is when order does not matter
};

} // namespace leat
