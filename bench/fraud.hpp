// The fraud example as a user runs it: what a payment costs, how late it is, and what a job costs
// that waits.
#pragma once

#include "temporary_folder.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace bench {

class fraud_job {
public:
  /// Makes this many payments and trains a model on them, in a folder of its own.
  explicit fraud_job(std::int64_t payments);

  struct figures {
    double p50_us = 0;
    double p99_us = 0;
    double cpu_us = 0; ///< of all threads, for each payment
  };
  /// Scores all payments, record at a time with default settings, at `rate` payments/s; 0: as fast
  /// as it can.
  figures run(double rate) const;

  /// The share of a core that `fraud run` takes while nothing comes from its input, a FIFO.
  double idle(std::chrono::seconds duration) const;

private:
  temporary_folder folder_;
};

/// What one wake of a thread costs at least, in microseconds of processor time: it sleeps until a
/// time that is set as precisely as can be, again and again at this interval.
double cost_of_a_wake(std::chrono::microseconds interval);

} // namespace bench
