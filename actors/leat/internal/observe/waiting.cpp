#include <leat/internal/observe/waiting.hpp>

namespace leat {

const stage_report* longest_paused(const job_report& r) {
  using namespace std::chrono_literals;
  const stage_report* longest = nullptr;
  for (const stage_report& s : r.stages)
    if (s.paused >= (longest ? longest->paused : 1s))
      longest = &s;
  return longest;
}

const stage_report* first_running(const job_report& r) {
  for (const stage_report& s : r.stages)
    if (s.running > 0)
      return &s;
  return nullptr;
}

} // namespace leat
