#include <leat/internal/job/job_runner.hpp>

#include <algorithm>
#include <cmath>

namespace leat {

restart_policy policy_of(const restart_options& o) {
  if (o.attempts == 0)
    return {};
  return [o, failures = std::size_t{0}](
             std::uint64_t,
             const job_outcome& how) mutable -> std::optional<std::chrono::nanoseconds> {
    failures = how.saved ? 1 : failures + 1; // in a row
    if (failures > o.attempts)
      return {};
    using real = std::chrono::duration<double, std::nano>;
    const double times = std::pow(o.factor, static_cast<double>(failures - 1));
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::min<real>(real{o.delay} * times, real{std::max(o.delay, o.longest_delay)}));
  };
}

} // namespace leat
