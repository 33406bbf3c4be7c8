// What the producers of a stage have promised, where its subtasks in the same process read it. A
// mark costs a producer one entry here, whatever the parallelism; consumers are woken when the
// slowest producer has got on, each at most once until it has looked.
#pragma once

#include <leat/detail/transport/mark.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace leat {

/// Thread-safe. A producer is a port of a subtask; a consumer is a subtask of the stage.
class progress_table {
public:
  progress_table(std::size_t producers, std::size_t consumers);

  std::size_t producers() const { return entries_.size(); }
  std::size_t consumers() const { return due_.size(); }

  /// This producer promises elsewhere: nobody waits for its entry here.
  void leave_out(std::size_t producer);
  /// Its producers are on other nodes, so their frames are not announced by sends().
  void fill_by_relay() { partial_ = true; }
  /// How to wake a consumer that has something to read; empty when it is gone.
  void attach(std::size_t consumer, std::function<void()> wake);
  /// The same for who carries all of it to consumers elsewhere.
  void attach_relay(std::function<void()> wake) { attach(readers_.size() - 1, std::move(wake)); }

  /// The producer is about to send a frame to a consumer.
  void sends(std::size_t producer, std::size_t consumer) {
    entry& e = entries_[producer];
    if (++e.sent[consumer] > e.frames[consumer])
      due_[consumer].fetch_add(1, std::memory_order_relaxed);
  }

  /// Replaces what a producer promises. It counts at consumer `first + i` once `frames[i]` of the
  /// producer's frames have arrived there.
  void publish(std::size_t producer, const mark& m, std::size_t first,
               std::span<const std::uint64_t> frames);

  /// Calls visit(producer, mark, frames) for all that is promised to a consumer, if anything is new
  /// since it last looked.
  template <class Visit>
  void read(std::size_t consumer, Visit visit) {
    const std::lock_guard lock(mutex_);
    reader& r = readers_[consumer];
    r.woken = false;
    if (r.seen == version_)
      return;
    r.seen = version_;
    for (std::size_t p = 0; p < entries_.size(); ++p)
      if (entries_[p].published)
        visit(p, entries_[p].promised, entries_[p].frames[consumer]);
  }

  /// Calls visit(producer, mark, frames by consumer) for all that is promised, for the relay.
  template <class Visit>
  void read_all(Visit visit) {
    const std::lock_guard lock(mutex_);
    readers_.back().woken = false;
    for (std::size_t p = 0; p < entries_.size(); ++p)
      if (entries_[p].published)
        visit(p, entries_[p].promised, std::span<const std::uint64_t>(entries_[p].frames));
  }

  /// What all producers promise together at this moment, whatever frames it stands behind. `wake`:
  /// the consumer is woken when that changes; otherwise it is not.
  mark look(std::size_t consumer, bool wake);

  /// What all producers promise together, if all that it stands behind is among the `taken` frames
  /// that the consumer has: a look that costs the same whatever the parallelism.
  std::optional<mark> read_together(std::size_t consumer, std::uint64_t taken);

private:
  struct entry {
    mark promised;
    std::vector<std::uint64_t> frames; // that it stands behind, by consumer
    std::vector<std::uint64_t> sent;   // frames, by consumer
    bool published = false;
  };
  struct reader {
    std::function<void()> wake;
    std::uint64_t seen = 0;
    bool woken = false; // and has not looked since
  };

  joint_mark& joint(std::size_t producer) { return joint_[joint_.size() / 2 + producer]; }
  void rejoin(std::size_t producer);
  bool got_on();
  static void wake(reader& r);

  std::mutex mutex_;
  std::vector<entry> entries_;
  // A tree: each node joins its two children, 2 n and 2 n + 1; the leaves are the producers.
  std::vector<joint_mark> joint_;
  std::vector<reader> readers_; // the consumers, and the relay
  // Frames by consumer, of all producers: what each has sent or stands behind, whichever is more.
  std::vector<std::atomic<std::uint64_t>> due_;
  bool partial_ = false; // it does not know of all producers, or of all frames
  std::uint64_t version_ = 0;
  mark together_;
};

} // namespace leat
