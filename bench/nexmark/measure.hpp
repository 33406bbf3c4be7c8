// Runs a query and measures it.
#pragma once

#include "queries.hpp"

#include <leat/job.hpp>

namespace nexmark {

struct measurement {
  std::uint64_t events = 0;
  std::uint64_t results = 0;
  double seconds = 0;
  double cpu_seconds = 0; ///< of all threads; the generator is part of it

  double events_per_second() const { return static_cast<double>(events) / seconds; }
  double events_per_core_second() const { return static_cast<double>(events) / cpu_seconds; }
};

/// Runs a query to its end. Its results are counted and dropped.
leat::result<measurement> measure(const query& q, const generator_options& input,
                                  const leat::run_options& run);

/// What it takes to make the same events without a graph: seconds of processor time, by one thread.
double generator_cpu_seconds(const generator_options& input);

} // namespace nexmark
