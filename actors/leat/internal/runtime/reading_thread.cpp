#include <leat/internal/runtime/reading_thread.hpp>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace leat {

namespace {

// What a thread and its stage share. Each holds it as long as it needs it.
class hand_over {
public:
  hand_over(std::shared_ptr<blocking_reader> reader, waker wake)
      : reader_(std::move(reader)), wake_(std::move(wake)) {}

  /// The thread's life.
  static void run(const std::shared_ptr<hand_over>& self) {
    try {
      self->read(self);
    } catch (...) {
      self->put({}, std::current_exception());
    }
    const std::lock_guard lock(self->mutex_);
    self->ended_ = true;
    self->changed_.notify_all();
  }

  std::optional<read_batch> take() {
    const std::lock_guard lock(mutex_);
    if (!batch_ && fault_)
      std::rethrow_exception(fault_);
    changed_.notify_all();
    return std::exchange(batch_, {});
  }

  void close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
    lock.unlock();
    if (!reader_->cancel())
      return;
    lock.lock();
    changed_.wait_for(lock, std::chrono::seconds{1}, [this] { return ended_; });
  }

private:
  void read(const std::weak_ptr<hand_over>& self) {
    reader_->open([self] {
      if (const auto alive = self.lock())
        alive->go_on();
    });
    while (wait_for_room()) {
      read_batch next = reader_->pull();
      const pull_status answer = next.answer;
      if (next.records || !next.letters.empty() || answer.is_done())
        put(std::move(next), {});
      if (answer.is_done())
        return;
      if (answer.is_idle())
        wait(answer.after());
    }
  }

  /// Until what was read has been taken: one batch is read ahead. False when nobody takes more.
  bool wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !batch_ || closed_; });
    return !closed_;
  }

  // The stage is woken under the lock: once it is closed, nothing of the job is touched.
  void put(std::optional<read_batch> next, std::exception_ptr fault) {
    const std::lock_guard lock(mutex_);
    if (closed_)
      return;
    if (next)
      batch_ = std::move(next);
    fault_ = std::move(fault);
    wake_();
  }

  /// For this time, or until the reader calls its waker.
  void wait(std::chrono::nanoseconds time) {
    std::unique_lock lock(mutex_);
    const auto over = [this] { return woken_ || closed_; };
    if (time == std::chrono::nanoseconds::max())
      changed_.wait(lock, over);
    else
      changed_.wait_for(lock, time, over);
    woken_ = false;
  }
  void go_on() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }

  const std::shared_ptr<blocking_reader> reader_;
  const waker wake_;
  std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::optional<read_batch> batch_;
  std::exception_ptr fault_;
  bool woken_ = false;
  bool closed_ = false;
  bool ended_ = false;
};

class stage_end final : public reading_thread {
public:
  explicit stage_end(std::shared_ptr<hand_over> shared) : shared_(std::move(shared)) {}
  ~stage_end() override { shared_->close(); }
  std::optional<read_batch> take() override { return shared_->take(); }

private:
  std::shared_ptr<hand_over> shared_;
};

} // namespace

std::unique_ptr<reading_thread> start_reading_thread(std::shared_ptr<blocking_reader> reader,
                                                     waker wake) {
  auto shared = std::make_shared<hand_over>(std::move(reader), std::move(wake));
  std::thread{[shared] { hand_over::run(shared); }}.detach();
  return std::make_unique<stage_end>(std::move(shared));
}

} // namespace leat
