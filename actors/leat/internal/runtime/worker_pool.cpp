#include <leat/internal/runtime/worker_pool.hpp>

#include <leat/internal/runtime/system.hpp>

#include <caf/detail/set_thread_name.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>

namespace leat {

class worker_pool::worker final : public caf::execution_unit {
public:
  explicit worker(worker_pool& pool) : execution_unit(&pool.system()), pool_(pool) {}

  void exec_later(caf::resumable* job) override { pool_.enqueue(job); }

  void run() {
    using caf::resumable;
    clock_time called = 0;
    while (resumable* const job = pool_.next(called))
      if (job->resume(this, pool_.max_throughput()) == resumable::resume_later)
        pool_.enqueue(job);
      else
        caf::intrusive_ptr_release(job);
  }

private:
  worker_pool& pool_;
};

namespace {
clock_time now() { return steady_clock{}.now(); }
} // namespace

worker_pool::~worker_pool() = default;

caf::actor_system::module* worker_pool::make(caf::actor_system& system, caf::detail::type_list<>) {
  return new worker_pool(system);
}

void worker_pool::start() {
  for (std::size_t i = 0; i < num_workers(); ++i)
    threads_.emplace_back([this] {
      caf::detail::set_thread_name("leat.worker");
      system().thread_started();
      worker(*this).run();
      system().thread_terminates();
    });
  abstract_coordinator::start();
}

void worker_pool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ring_by(0);
  }
  for (std::thread& t : threads_)
    t.join();
  stop_actors();
  timers_.cancel_all();
  for (caf::resumable* job : jobs_) // of what has ended since
    cleanup_and_release(job);
}

void worker_pool::enqueue(caf::resumable* job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(job);
  ring_by(help_at());
}

caf::resumable* worker_pool::next(clock_time& called) {
  std::unique_lock lock(mutex_);
  for (;;) {
    fire_timers(lock);
    if (!jobs_.empty()) {
      caf::resumable* const job = jobs_.front();
      jobs_.pop_front();
      ring_by(jobs_.empty() ? timers_at() : std::min(help_at(), timers_at()));
      return job;
    }
    if (stopping_) {
      ring_by(0); // the next one
      return nullptr;
    }
    sleep(lock, called);
  }
}

// By one thread at a time: timers keep their order.
void worker_pool::fire_timers(std::unique_lock<std::mutex>& lock) {
  const clock_time due = timers_at();
  if (due == alarm::never || firing_)
    return;
  const clock_time time = now();
  if (time < due)
    return;
  firing_ = true;
  woken_ = fired_ = time;
  lock.unlock();
  timers_.fire(time);
  lock.lock();
  firing_ = false;
}

// Help that was of little use is called later the next time.
void worker_pool::sleep(std::unique_lock<std::mutex>& lock, clock_time& called) {
  if (called != 0)
    patience_ =
        now() - called < between_wakes ? std::min(2 * patience_, most_patience) : between_wakes;
  ++asleep_;
  set_alarm(timers_at());
  lock.unlock();
  alarm_.sleep();
  lock.lock();
  alarm_at_ = alarm::never;
  woken_ = now();
  called = asleep_ < num_workers() && timers_at() > woken_ ? woken_ : 0;
  --asleep_;
}

clock_time worker_pool::timers_at() const {
  const clock_time next = timers_.next();
  return next == alarm::never ? next : std::max(next, fired_ + between_wakes);
}

// At once, if nobody is awake.
clock_time worker_pool::help_at() const {
  return asleep_ == num_workers() ? 0 : woken_ + patience_;
}

void worker_pool::set_alarm(clock_time when) {
  if (when == alarm_at_)
    return;
  alarm_at_ = when;
  if (when == 0)
    alarm_.ring();
  else
    alarm_.set(when);
}

// Those who sleep are to be there by this time.
void worker_pool::ring_by(clock_time when) {
  if (asleep_ > 0 && when < alarm_at_)
    set_alarm(when);
}

void worker_pool::timer_set() {
  const std::lock_guard lock(mutex_);
  ring_by(timers_at());
}

} // namespace leat
