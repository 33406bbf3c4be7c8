#include "measure.hpp"

#include "../figures.hpp"

namespace nexmark {

leat::result<measurement> measure(const query& q, const generator_options& input,
                                  const leat::run_options& run) {
  const results to;
  const double before = bench::cpu_seconds();
  const auto metrics = leat::run(q.graph({input, to}), run);
  if (!metrics)
    return metrics.error();
  return measurement{metrics->records(), to.count(),
                     std::chrono::duration<double>(metrics->elapsed).count(),
                     bench::cpu_seconds() - before};
}

double generator_cpu_seconds(const generator_options& input) {
  const generator make(input);
  std::array<event, 256> frame; // as large as one on its way to the next stage
  const double before = bench::cpu_seconds(RUSAGE_THREAD);
  for (std::uint64_t n = 0; n < input.events; ++n) {
    event& to = frame[n % frame.size()];
    make.make(n, to);
    asm volatile("" : : "r"(&to) : "memory"); // somebody reads it
  }
  return bench::cpu_seconds(RUSAGE_THREAD) - before;
}

} // namespace nexmark
