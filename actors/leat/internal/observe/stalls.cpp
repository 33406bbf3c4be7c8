#include <leat/internal/observe/stalls.hpp>

#include <algorithm>

namespace leat {

namespace {

constexpr double worth_telling = 0.01;

// A stage whose own output stalled at least this share of the time that its input did waits for
// others itself. Not all of it: shares are means over producers, and subtasks differ.
constexpr double stalled_itself = 0.25;

using stall_list = std::vector<stall>;

// The edge behind this one's consumer that stalled longest, of `all` by falling share.
stall_list::iterator behind(stall_list& all, const stall& s) {
  return std::find_if(all.begin(), all.end(),
                      [&](const stall& next) { return next.edge->from == s.edge->to; });
}

// From the edge that stalled longest, to where stalling ends.
stall_list::iterator culprit_of(stall_list& all) {
  auto culprit = all.begin();
  for (auto next = behind(all, *culprit);
       next != all.end() && next->share >= stalled_itself * culprit->share;
       next = behind(all, *culprit))
    culprit = next;
  return culprit;
}

} // namespace

std::vector<stall> stalls_between(const job_metrics& before, const job_metrics& now) {
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
  if (stalls.empty())
    return stalls;
  const auto culprit = culprit_of(stalls);
  std::rotate(stalls.begin(), culprit, culprit + 1);
  return stalls;
}

std::optional<busy_stage> busiest_between(const job_metrics& before, const job_metrics& now) {
  using namespace std::chrono_literals;
  constexpr double worth_naming = 0.5;
  std::optional<busy_stage> busiest;
  const auto time = now.elapsed - before.elapsed;
  for (std::size_t i = 0; i < now.stages.size() && time >= 100ms; ++i) {
    auto busy = now.stages[i].busy;
    if (i < before.stages.size())
      busy -= before.stages[i].busy;
    const double share = static_cast<double>(busy.count()) / static_cast<double>(time.count());
    if (share > (busiest ? busiest->share : worth_naming))
      busiest = busy_stage{&now.stages[i], std::min(share, 1.0)};
  }
  return busiest;
}

} // namespace leat
