#include <leat/internal/observe/waiting.hpp>

namespace leat {

const stage_metrics* longest_paused(const job_metrics& r) {
  using namespace std::chrono_literals;
  const stage_metrics* longest = nullptr;
  for (const stage_metrics& s : r.stages)
    if (s.paused >= (longest ? longest->paused : 1s))
      longest = &s;
  return longest;
}

const stage_metrics* first_running(const job_metrics& r) {
  for (const stage_metrics& s : r.stages)
    if (s.running > 0)
      return &s;
  return nullptr;
}

} // namespace leat
