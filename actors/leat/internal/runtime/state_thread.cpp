#include <leat/internal/runtime/state_thread.hpp>

#include <leat/internal/checkpoint/manifest.hpp>

namespace leat {

result<std::string> write_state(state_writer& to, const captured_state& state) {
  std::vector<state_file> stored;
  if (state.content.files) {
    auto kept = to.keep(state.of, state.stage, state.subtask, *state.content.files);
    if (!kept)
      return kept.error();
    stored = std::move(*kept);
  }
  std::string content;
  state.content(content);
  auto file = to.write(state.of, state.stage, state.subtask, content);
  if (!file)
    return file.error();
  return encode_subtask({state.stage, static_cast<std::uint32_t>(state.subtask),
                         static_cast<std::uint32_t>(state.subtasks), std::move(*file), state.ended,
                         state.has_outputs, state.holds_records, state.stage_number,
                         std::move(stored)});
}

state_thread::state_thread(file_system& files, std::string folder, std::uint64_t term)
    : writer_(files, std::move(folder), term), thread_([this] { write_all(); }) {}

state_thread::~state_thread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

state_keeper state_thread::keeper() {
  return [this](captured_state state, std::function<void(result<std::string>)> saved) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(state), std::move(saved)});
    changed_.notify_one();
  };
}

void state_thread::write_all() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_)
      return;
    const task next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next.saved(write_state(writer_, next.state));
    lock.lock();
  }
}

} // namespace leat
