// What a stage waits for outside of the graph: written by the stage, read by whoever watches the
// job.
#pragma once

#include <mutex>
#include <string>
#include <utility>

namespace leat {

/// Thread-safe. Readers of a source share it, as their threads may outlive the stage.
class waiting_note {
public:
  /// "connecting to tcp://feed:9000: connection refused, next try in 2 s"; empty: for nothing.
  void set(std::string what) {
    const std::lock_guard lock(mutex_);
    what_ = std::move(what);
  }
  void clear() { set({}); }
  /// Empty while it waits for nothing.
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return what_;
  }

private:
  mutable std::mutex mutex_;
  std::string what_;
};

} // namespace leat
