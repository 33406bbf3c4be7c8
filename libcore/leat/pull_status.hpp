// The result of a pull.
#pragma once

#include <chrono>
#include <functional>

namespace leat {

/// The result of a reader's `pull`.
class pull_status {
public:
  /// There is more, or may be: pull again.
  static pull_status more() { return {kind::more, {}}; }
  /// Nothing now; pull again after this time, or when the waker is called.
  static pull_status idle(std::chrono::nanoseconds after) { return {kind::idle, after}; }
  /// Nothing now; pull again when the waker is called.
  static pull_status idle() { return {kind::idle, std::chrono::nanoseconds::max()}; }
  /// The split has ended.
  static pull_status done() { return {kind::done, {}}; }

  bool is_more() const { return kind_ == kind::more; }
  bool is_idle() const { return kind_ == kind::idle; }
  bool is_done() const { return kind_ == kind::done; }
  std::chrono::nanoseconds after() const { return after_; }

private:
  enum class kind { more, idle, done };
  pull_status(kind k, std::chrono::nanoseconds after) : kind_(k), after_(after) {}
  kind kind_;
  std::chrono::nanoseconds after_;
};

/// Notifies the runtime that an idle reader has records again. Thread-safe.
using waker = std::function<void()>;

} // namespace leat
