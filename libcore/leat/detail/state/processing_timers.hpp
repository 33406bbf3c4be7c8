// Timers of processing time: they fire between records when the runtime's clock has come so far.
#pragma once

#include <leat/detail/state/keyed_timers.hpp>

#include <functional>
#include <limits>

namespace leat {

/// It asks for one wake-up at a time: that of the first timer.
template <class K>
class processing_timers final : public keyed_timers<K, processing_time> {
  using base = keyed_timers<K, processing_time>;
  using base::due_, base::later_, base::states_;

public:
  using base::base;

  /// All are declared. `wake_at`: asks for one call of wake() at this reading of the clock.
  void open(const clock& time, std::function<void(clock_time)> wake_at) {
    clock_ = &time, wake_at_ = std::move(wake_at);
    base::open();
  }

  void load() {
    base::load();
    arm();
  }

  /// What fires may set others up to the time of the wake-up, and they fire with it, in order. One
  /// that is not after it waits for the next wake-up, so that records come between.
  void set(detail::timer_set& timers, processing_time at) override {
    if (this->is_set(timers, at))
      return;
    this->add(timers, at, fired_ < at && at <= woken_at_);
    arm();
  }

  /// All whose time has come are due.
  void wake() {
    armed_for_ = never;
    woken_at_ = clock_->processing_now();
    while (!later_.empty() && later_.begin()->time <= woken_at_)
      due_.insert(later_.extract(later_.begin()));
    arm();
  }

  /// Takes the first that is due; contract: there is one. Then leave().
  auto take() {
    fired_ = due_.begin()->time;
    return this->take_first(due_);
  }
  void leave() {
    fired_ = processing_time::max();
    states_.leave();
  }

  std::size_t size() const { return due_.size() + later_.size(); }

private:
  static constexpr clock_time never = std::numeric_limits<clock_time>::max();

  // Requests cannot be taken back: one is made only where it comes before the last.
  void arm() {
    if (later_.empty())
      return;
    const clock_time first = clock_->reading_at(later_.begin()->time);
    if (first < armed_for_)
      wake_at_(armed_for_ = first);
  }

  const clock* clock_ = nullptr;
  std::function<void(clock_time)> wake_at_;
  clock_time armed_for_ = never;
  processing_time woken_at_ = processing_time::min();
  processing_time fired_ = processing_time::max(); ///< while one fires: its time
};

} // namespace leat
