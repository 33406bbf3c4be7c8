#include <leat/internal/cli/summary.hpp>

#include <leat/internal/observe/held_back.hpp>
#include <leat/internal/observe/stalls.hpp>
#include <leat/quantities.hpp>

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace leat {

namespace {

std::string per_second(const job_metrics& r) {
  if (r.checkpoints && r.checkpoints->restored > 0) // it counts since the job began
    return "–";
  const double seconds = std::chrono::duration<double>(r.elapsed).count();
  const double rate = seconds > 0 ? static_cast<double>(r.records()) / seconds : 0;
  return grouped(static_cast<std::uint64_t>(std::llround(rate)));
}

std::string latency(const job_metrics& r) {
  if (!r.has_latency)
    return "–";
  const auto text = [](clock_time t) { return duration_text(std::chrono::nanoseconds{t}); };
  return fmt::format("p50 {}, p99 {}, max {}", text(r.latency_p50), text(r.latency_p99),
                     text(r.latency_max));
}

// A row for each stage with the trait; the first one has the label.
void add_stages(text_rows& rows, std::string label, const job_metrics& r, bool stage_kind::*trait,
                std::uint64_t stage_metrics::*metric) {
  for (const stage_metrics& s : r.stages)
    if (s.kind.*trait)
      rows.emplace_back(std::exchange(label, {}), fmt::format("{} {}", s.name, grouped(s.*metric)));
}

void add_checkpoints(text_rows& rows, const job_metrics& r) {
  if (!r.checkpoints)
    return;
  const checkpoint_metrics& c = *r.checkpoints;
  if (c.restored > 0)
    rows.emplace_back("continued", fmt::format("from checkpoint {}", c.restored));
  for (const std::string& damage : c.passed_over)
    rows.emplace_back("", fmt::format("passed over: {}", damage));
  rows.emplace_back("checkpoints", c.completed == 0
                                       ? "0"
                                       : fmt::format("{}, with at most {} bytes and in at most {}",
                                                     grouped(c.completed), grouped(c.most_bytes),
                                                     duration_text(c.longest)));
  if (c.failed > 0)
    rows.emplace_back("",
                      fmt::format("{} failed, the last one: {}", grouped(c.failed), c.last_error));
}

void add_stalls(text_rows& rows, const job_metrics& r) {
  const std::vector<stall> stalls = stalls_between({}, r);
  if (stalls.empty()) {
    const auto busiest = busiest_between({}, r);
    rows.emplace_back("bottleneck",
                      busiest ? fmt::format("{} {} (busy {} of the time, no edge stalled)",
                                            busiest->stage->kind.is_sink ? "sink" : "stage",
                                            busiest->stage->name, percent(busiest->share))
                              : "none: no edge stalled for more than 1 % of the time");
    return;
  }
  const auto text = [](const stall& s) {
    return fmt::format("{} -> {} stalled {} of the time", s.edge->from, s.edge->to,
                       percent(s.share));
  };
  const std::string& culprit = stalls.front().edge->to;
  const bool is_sink = std::any_of(r.stages.begin(), r.stages.end(), [&](const stage_metrics& s) {
    return s.name == culprit && s.kind.is_sink;
  });
  rows.emplace_back("bottleneck", fmt::format("{} {} (edge {})", is_sink ? "sink" : "stage",
                                              culprit, text(stalls.front())));
  for (std::size_t i = 1; i < stalls.size(); ++i)
    rows.emplace_back(i == 1 ? "also" : "", "edge " + text(stalls[i]));
}

std::string memory_text(std::uint64_t bytes) {
  constexpr std::uint64_t mib = 1 << 20;
  return bytes == 0 ? "memory unknown" : fmt::format("{} MiB", grouped((bytes + mib - 1) / mib));
}

void add_nodes(text_rows& rows, const job_metrics& r) {
  std::string label = "nodes";
  for (const node_metrics& n : r.nodes)
    rows.emplace_back(
        std::exchange(label, {}),
        fmt::format("{}: {} subtask{}, {} records in, {} out, {} dead letter{}, {} CPU, {}", n.name,
                    n.subtasks, n.subtasks == 1 ? "" : "s", grouped(n.records_in),
                    grouped(n.records_out), grouped(n.dead_letters), n.dead_letters == 1 ? "" : "s",
                    duration_text(n.cpu), memory_text(n.memory)));
}

} // namespace

text_rows summary_of(const job_metrics& r, std::string_view dead_letter_file) {
  std::uint64_t late = 0;
  for (const stage_metrics& s : r.stages)
    late += s.late;
  text_rows rows;
  rows.emplace_back("records", grouped(r.records()));
  rows.emplace_back("seconds",
                    fmt::format("{:.2f}", std::chrono::duration<double>(r.elapsed).count()));
  rows.emplace_back("records/s", per_second(r));
  rows.emplace_back("latency", latency(r));
  add_stages(rows, "panes", r, &stage_kind::emits_panes, &stage_metrics::panes);
  add_stages(rows, "out", r, &stage_kind::is_sink, &stage_metrics::records_in);
  rows.emplace_back("late", grouped(late));
  rows.emplace_back("dead letters",
                    r.dead_letters == 0
                        ? "0"
                        : fmt::format("{} (in {})", grouped(r.dead_letters), dead_letter_file));
  if (r.restarts > 0)
    rows.emplace_back("restarts",
                      fmt::format("{}, the last one after: {}", grouped(r.restarts), r.last_fault));
  add_checkpoints(rows, r);
  add_stalls(rows, r);
  std::string label = "event time";
  for (const held_back_stage& stage : held_back(r))
    rows.emplace_back(std::exchange(label, {}), text_of(stage));
  add_nodes(rows, r);
  return rows;
}

} // namespace leat
