// What the producers of a stage have promised, where its subtasks in the same process read it. A
// mark costs a producer one entry here, whatever the parallelism; consumers are woken when the
// slowest producer has got on, each at most once until it has looked.
#pragma once

#include <leat/frame.hpp>

#include <functional>
#include <mutex>
#include <span>

namespace leat {

/// Thread-safe. A producer is a port of a subtask; a consumer is a subtask of the stage.
class progress_table {
public:
  progress_table(std::size_t producers, std::size_t consumers);

  /// This producer runs in another process: nobody waits for its entry here.
  void leave_out(std::size_t producer);
  /// How to wake a consumer that has something to read; empty when it is gone.
  void attach(std::size_t consumer, std::function<void()> wake);

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

private:
  struct entry {
    mark promised;
    std::vector<std::uint64_t> frames; // by consumer
    bool published = false;
    bool left_out = false;
  };
  struct reader {
    std::function<void()> wake;
    std::uint64_t seen = 0;
    bool woken = false; // and has not looked since
  };

  bool slowest_got_on();

  std::mutex mutex_;
  std::vector<entry> entries_;
  std::vector<reader> readers_;
  std::uint64_t version_ = 0;
  mark slowest_; // least progress of those who are not idle
};

} // namespace leat
