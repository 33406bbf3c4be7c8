#include <leat/internal/runtime/watermarks_of.hpp>

#include <algorithm>

namespace leat {

namespace {

// What several subtasks promise together, as joint_mark. Those that have ended, or are idle, count
// where there are no others.
class joint_time {
public:
  void add(const subtask_metrics::promise& p, const subtask_metrics& of) {
    const event_time time = p.time.load(std::memory_order_relaxed);
    if (of.ended.load(std::memory_order_relaxed) != 0 ||
        p.idle.load(std::memory_order_relaxed) != 0)
      highest_ = std::max(highest_, time);
    else
      least_ = std::min(least_.value_or(time), time);
  }
  event_time watermark(std::chrono::microseconds disorder) const {
    return std::max(least_.value_or(highest_), begin_of_time + disorder) - disorder;
  }

private:
  std::optional<event_time> least_; // of active ones
  event_time highest_ = begin_of_time;
};

// By stage: the sources with event times upstream of it, or it itself if it is one.
std::vector<std::set<std::size_t>> timed_sources(const plan& p) {
  std::vector<std::set<std::size_t>> all(p.stages.size());
  for (std::size_t i = 0; i < p.stages.size(); ++i) {
    if (p.stages[i].timed)
      all[i].insert(i);
    for (const plan_edge& e : p.edges)
      if (e.to == i)
        all[i].insert(all[e.from].begin(), all[e.from].end());
  }
  return all;
}

using slowest_splits = std::vector<std::optional<slowest_split>>;

bool comes_before(const slowest_split& a, const std::optional<slowest_split>& b) {
  return !b || a.time < b->time || (a.time == b->time && a.silent && !b->silent);
}

void add_splits(stage_metrics& to, const split_summary& s, clock_time now,
                std::optional<slowest_split>& slowest) {
  split_metrics& sum = *to.splits;
  sum.active += s.active;
  sum.idle += s.idle;
  sum.finished += s.finished;
  sum.held += s.held;
  sum.furthest = std::max(sum.furthest, s.furthest);
  if (!s.slowest)
    return;
  const auto since = std::chrono::nanoseconds{std::max<clock_time>(now - s.slowest->since, 0)};
  slowest_split split{to.name, s.slowest->name, s.slowest->time, since, s.slowest->silent};
  if (comes_before(split, slowest))
    slowest = std::move(split);
}

slowest_splits add_splits(job_metrics& to, const wired_job& w, const plan& p, clock_time now) {
  slowest_splits slowest(p.stages.size());
  for (std::size_t i = 0; i < p.stages.size(); ++i)
    if (p.stages[i].timed)
      to.stages[i].splits.emplace();
  for (std::size_t n = 0; n < w.metrics.size(); ++n)
    if (const std::size_t i = w.stage_of[n]; p.stages[i].timed)
      add_splits(to.stages[i], w.metrics[n]->counters.splits.read(), now, slowest[i]);
  return slowest;
}

} // namespace

void add_watermarks(job_metrics& to, const wired_job& w, const plan& p, clock_time now) {
  const slowest_splits slowest = add_splits(to, w, p, now);
  const auto sources = timed_sources(p);
  std::vector<joint_time> reached(p.stages.size()), promised(p.edges.size());
  for (std::size_t n = 0; n < w.metrics.size(); ++n) {
    const subtask_metrics& m = *w.metrics[n];
    reached[w.stage_of[n]].add(m.reached, m);
    for (std::size_t i = 0; i < w.edge_of[n].size(); ++i)
      promised[w.edge_of[n][i]].add(m.promises[i], m);
  }
  for (std::size_t i = 0; i < p.stages.size(); ++i)
    if (p.stages[i].timed)
      to.stages[i].watermark = reached[i].watermark(w.resolved.stages[i].out_of_order);
  for (std::size_t e = 0; e < p.edges.size(); ++e) {
    const auto [from, at] = std::pair{p.edges[e].from, p.edges[e].to};
    if (!w.resolved.edges[e].carried.stamps || sources[from].empty())
      continue;
    const auto disorder = w.resolved.stages[at].out_of_order;
    input_metrics input{p.stages[from].name, promised[e].watermark(disorder)};
    for (const std::size_t s : sources[from]) {
      input.furthest = std::max(input.furthest, to.stages[s].splits->furthest);
      if (slowest[s] && comes_before(*slowest[s], input.held_back_by))
        input.held_back_by = slowest[s];
    }
    to.stages[at].inputs.push_back(std::move(input));
    to.stages[at].watermark = reached[at].watermark(disorder);
  }
}

} // namespace leat
