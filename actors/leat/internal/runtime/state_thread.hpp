// Writes the states of subtasks in a thread of its own, so that records go on meanwhile.
#pragma once

#include <leat/detail/runtime/subtask_actor.hpp>
#include <leat/internal/checkpoint/state_files.hpp>

#include <condition_variable>
#include <thread>

namespace leat {

/// Writes a state, and returns what a manifest says of it: an encoded saved_subtask.
result<std::string> write_state(state_writer& to, const captured_state& state);

/// One in each process that runs subtasks. Thread-safe.
class state_thread {
public:
  /// As state_writer.
  state_thread(file_system& files, std::string folder, std::uint64_t term);
  /// Ends the thread after the state that it is at. What waits is dropped, and nobody is called
  /// back.
  ~state_thread();
  state_thread(const state_thread&) = delete;
  state_thread& operator=(const state_thread&) = delete;

  /// Outlived by the thread.
  state_keeper keeper();

private:
  struct task {
    captured_state state;
    std::function<void(result<std::string>)> saved;
  };

  void write_all();

  state_writer writer_;
  std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::deque<task> waiting_;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace leat
