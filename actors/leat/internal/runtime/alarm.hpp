// What idle threads sleep in: it wakes one of them at a time that anybody sets.
#pragma once

#include <leat/time.hpp>

namespace leat {

/// Of several threads that sleep here, one is woken each time it rings. Setting it wakes nobody
/// who would have to go back to sleep, and its time is kept as precisely as the system can: the
/// slack of ordinary sleeps (50 us) does not apply. Thread-safe.
class alarm {
public:
  /// Throws a failure if the system allows no more open files.
  alarm();

  static constexpr clock_time never = std::numeric_limits<clock_time>::max();

  /// Rings at this reading of the steady clock, at once if it is over. Replaces the time set
  /// before; if that has rung and has not yet woken anybody, it is as if it had not.
  void set(clock_time when);
  /// Rings now, and cannot be taken back. Cheaper than a time that is over.
  void ring();
  /// Returns when it rings, at once if it has rung while nobody slept.
  void sleep();

private:
  struct file {
    explicit file(int opened);
    ~file();
    file(const file&) = delete;
    file& operator=(const file&) = delete;
    const int number;
  };
  file timer_;
  file bell_;
  file sleepers_;
};

} // namespace leat
