#include <leat/internal/runtime/wiring.hpp>

#include <leat/internal/runtime/watermarks_of.hpp>

#include <algorithm>

namespace leat {

std::uint64_t job_metrics::records() const {
  std::uint64_t sum = 0;
  for (const stage_metrics& s : stages)
    if (s.kind.is_source)
      sum += s.records_in;
  return sum;
}

job_metrics metrics_of(const wired_job& w, const plan& p, clock_time now) {
  job_metrics r;
  r.name = p.name;
  for (const plan_stage& s : p.stages)
    r.stages.push_back({s.name, s.kind});
  for (const plan_edge& e : p.edges)
    r.edges.push_back({p.stages[e.from].name, p.stages[e.to].name, {}});

  std::vector<std::int64_t> producers(p.edges.size());
  for (const auto& edges : w.edge_of)
    for (const std::size_t e : edges)
      ++producers[e];

  std::vector<std::int64_t> subtasks(p.stages.size());
  histogram latency;
  for (std::size_t n = 0; n < w.metrics.size(); ++n) {
    const subtask_metrics& m = *w.metrics[n];
    stage_metrics& s = r.stages[w.stage_of[n]];
    s.records_in += m.counters.records_in;
    s.records_out += m.counters.records_out;
    s.panes += m.counters.panes;
    s.late += m.counters.late;
    s.dead_letters += m.counters.dead_letters;
    r.dead_letters += m.counters.dead_letters;
    s.held += m.counters.held;
    s.timers_dropped += m.counters.timers_dropped;
    s.spilled += m.counters.spilled;
    if (s.waiting_for.empty())
      s.waiting_for = m.counters.waiting->text();
    s.busy += std::chrono::nanoseconds{subtask_metrics::until(m.busy, now)};
    s.running += m.ended == 0;
    ++subtasks[w.stage_of[n]];
    if (const clock_time since = m.counters.paused_since; since != 0)
      s.paused = std::max(s.paused, std::chrono::nanoseconds{now - since});
    latency.merge(m.latency);
    for (std::size_t i = 0; i < w.edge_of[n].size(); ++i)
      r.edges[w.edge_of[n][i]].stalled +=
          std::chrono::nanoseconds{subtask_metrics::until(m.stalls[i], now)};
  }
  for (std::size_t e = 0; e < r.edges.size(); ++e)
    r.edges[e].stalled /= std::max<std::int64_t>(producers[e], 1);

  for (std::size_t i = 0; i < r.stages.size(); ++i)
    r.stages[i].busy /= std::max<std::int64_t>(subtasks[i], 1);

  add_watermarks(r, w, p, now);

  const bool batched = std::any_of(p.stages.begin(), p.stages.end(), [](const plan_stage& s) {
    return s.batching && s.batching->is_batch();
  });
  r.has_latency = !batched && latency.count() > 0;
  r.latency_p50 = latency.quantile(0.50);
  r.latency_p99 = latency.quantile(0.99);
  r.latency_max = latency.highest();
  return r;
}

} // namespace leat
