// What becomes of a command: it takes effect at a barrier, or it is refused.
#pragma once

#include <leat/error.hpp>

#include <future>

namespace leat {

/// Set once, by the job; a job that is gone has refused it.
class command_outcome {
public:
  command_outcome() = default;
  command_outcome(const command_outcome&) = delete;
  command_outcome& operator=(const command_outcome&) = delete;
  ~command_outcome() {
    if (!set_)
      promise_.set_value(user_error("the command comes too late: its coordinator has ended"));
  }

  void set(result<void> how) {
    set_ = true;
    promise_.set_value(std::move(how));
  }
  /// Ready when all subtasks concerned are prepared, or the command is refused. Called once.
  std::future<result<void>> get_future() { return promise_.get_future(); }

private:
  bool set_ = false;
  std::promise<result<void>> promise_;
};

} // namespace leat
