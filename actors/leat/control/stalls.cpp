#include <leat/control/stalls.hpp>

#include <algorithm>

namespace leat {

namespace {

constexpr double worth_telling = 0.01;

// The share of an edge that the stalls behind its consumer do not explain.
double unexplained(const stall& s, const std::vector<stall>& all) {
  double passed_on = 0;
  for (const stall& next : all)
    if (next.edge->from == s.edge->to)
      passed_on = std::max(passed_on, next.share);
  return s.share - passed_on;
}

} // namespace

std::vector<stall> stalls_between(const job_report& before, const job_report& now) {
  const auto time = static_cast<double>((now.elapsed - before.elapsed).count());
  std::vector<stall> stalls;
  for (std::size_t i = 0; i < now.edges.size() && time > 0; ++i) {
    auto stalled = now.edges[i].stalled;
    if (i < before.edges.size())
      stalled -= before.edges[i].stalled;
    const double share = static_cast<double>(stalled.count()) / time;
    if (share > worth_telling)
      stalls.push_back({&now.edges[i], share});
  }
  std::stable_sort(stalls.begin(), stalls.end(),
                   [](const stall& a, const stall& b) { return a.share > b.share; });
  const auto culprit =
      std::max_element(stalls.begin(), stalls.end(), [&](const stall& a, const stall& b) {
        return unexplained(a, stalls) < unexplained(b, stalls);
      });
  if (culprit != stalls.end())
    std::rotate(stalls.begin(), culprit, culprit + 1);
  return stalls;
}

} // namespace leat
