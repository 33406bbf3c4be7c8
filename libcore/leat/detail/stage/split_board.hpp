// How far the splits of a source have come: written by its subtask, read by whoever watches the
// job.
#pragma once

#include <leat/time.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace leat {

enum class split_state : std::uint8_t {
  reading,  ///< it has records, or was not asked for any yet
  silent,   ///< it had none when it was last asked; others wait for it
  held,     ///< too far ahead of others to be asked, see event_time_by::max_drift; they wait for it
  idle,     ///< it has been silent for so long that nobody waits for it
  finished, ///< nothing comes of it any more
};

/// An active split: one that others wait for.
struct active_split {
  std::string name;
  event_time time = begin_of_time; ///< what it brings next is ordered here or later
  clock_time since = 0;            ///< it has been there since then
  bool silent = false;
};

/// The splits of a subtask at one moment.
struct split_summary {
  std::uint64_t active = 0; ///< held ones included
  std::uint64_t idle = 0;
  std::uint64_t finished = 0;
  std::uint64_t held = 0;
  event_time furthest = begin_of_time;   ///< of all
  std::optional<active_split> slowest{}; ///< of the active ones
};

/// Thread-safe. Splits are written by one thread, without locks.
class split_board {
public:
  class entry {
  public:
    entry(std::string name, clock_time now) : name_(std::move(name)), since_(now) {}
    void set(event_time time, split_state state, clock_time now) {
      if (time != time_.load(std::memory_order_relaxed)) {
        time_.store(time, std::memory_order_relaxed);
        since_.store(now, std::memory_order_relaxed);
      }
      state_.store(state, std::memory_order_relaxed);
    }

  private:
    friend class split_board;
    const std::string name_;
    std::atomic<event_time> time_{begin_of_time};
    std::atomic<clock_time> since_;
    std::atomic<split_state> state_{split_state::reading};
  };

  /// A split more. The entry lives as long as the board.
  entry& add(std::string name, clock_time now);

  /// Of a subtask in another process: what its board read.
  void report(split_summary s);

  split_summary read() const;

private:
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<entry>> entries_;
  split_summary reported_;
};

} // namespace leat
