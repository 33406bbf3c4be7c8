// What a stage waits for outside of the graph: written by the stage, read by whoever watches the
// job.
#pragma once

#include <atomic>
#include <memory>
#include <string>

namespace leat {

/// Thread-safe. Readers of a source share it, as their threads may outlive the stage.
class waiting_note {
public:
  /// "connecting to tcp://feed:9000: connection refused, next try in 2 s"; empty: for nothing.
  void set(std::string what) {
    if (!what.empty())
      what_ = std::make_shared<const std::string>(std::move(what));
    else if (what_.load())
      what_ = std::shared_ptr<const std::string>{};
  }
  void clear() { set({}); }
  /// Empty while it waits for nothing.
  std::string text() const {
    const std::shared_ptr<const std::string> what = what_;
    return what ? *what : std::string{};
  }

private:
  std::atomic<std::shared_ptr<const std::string>> what_;
};

} // namespace leat
