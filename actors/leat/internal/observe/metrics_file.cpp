#include <leat/internal/observe/metrics_file.hpp>

#include <leat/connectors/files/output_file.hpp>
#include <leat/internal/observe/stalls.hpp>
#include <leat/scalar_text.hpp>

#include <nlohmann/json.hpp>

namespace leat {

namespace {

using json = nlohmann::ordered_json;

double seconds(std::chrono::nanoseconds d) { return std::chrono::duration<double>(d).count(); }
double seconds(clock_time t) { return seconds(std::chrono::nanoseconds{t}); }

std::string now_text() {
  std::string text;
  append_scalar(text, std::chrono::time_point_cast<std::chrono::microseconds>(
                          std::chrono::system_clock::now()));
  return text;
}

std::string text_of(job_state state) {
  static constexpr const char* names[] = {"running", "done", "stopped", "failed"};
  return names[static_cast<int>(state)];
}

json latency_of(const job_metrics& r) {
  if (!r.has_latency)
    return nullptr;
  return {{"p50", seconds(r.latency_p50)},
          {"p99", seconds(r.latency_p99)},
          {"max", seconds(r.latency_max)}};
}

json time_of(event_time t) {
  if (t == begin_of_time)
    return nullptr;
  std::string text;
  append_scalar(text, t);
  return text;
}

json input_of(const input_metrics& i) {
  json by = nullptr;
  if (const auto& split = i.held_back_by)
    by = {{"source", split->source},
          {"split", split->split},
          {"event_time", time_of(split->time)},
          {"seconds", seconds(split->since)},
          {"silent", split->silent}};
  return {{"from", i.from}, {"watermark", time_of(i.watermark)}, {"held_back_by", std::move(by)}};
}

json splits_of(const std::optional<split_metrics>& s) {
  if (!s)
    return nullptr;
  return {{"active", s->active},
          {"held", s->held},
          {"idle", s->idle},
          {"finished", s->finished},
          {"furthest", time_of(s->furthest)}};
}

json stage_of(const stage_metrics& s, double elapsed) {
  json inputs = json::array();
  for (const input_metrics& i : s.inputs)
    inputs.push_back(input_of(i));
  return {{"name", s.name},
          {"kind", s.kind.name},
          {"records_in", s.records_in},
          {"records_out", s.records_out},
          {"panes", s.panes},
          {"late", s.late},
          {"dead_letters", s.dead_letters},
          {"held", s.held},
          {"timers_dropped", s.timers_dropped},
          {"spilled", s.spilled},
          {"waiting_for", s.waiting_for.empty() ? json(nullptr) : json(s.waiting_for)},
          {"busy_seconds", seconds(s.busy)},
          {"busy_share", elapsed > 0 ? seconds(s.busy) / elapsed : 0},
          {"paused_seconds", seconds(s.paused)},
          {"running", s.running},
          {"watermark", time_of(s.watermark)},
          {"inputs", std::move(inputs)},
          {"splits", splits_of(s.splits)}};
}

json edge_of(const edge_metrics& e, double elapsed) {
  const double stalled = seconds(e.stalled);
  return {{"from", e.from},
          {"to", e.to},
          {"stalled_seconds", stalled},
          {"stalled_share", elapsed > 0 ? stalled / elapsed : 0}};
}

json node_of(const node_metrics& n) {
  return {{"name", n.name},
          {"subtasks", n.subtasks},
          {"records_in", n.records_in},
          {"records_out", n.records_out},
          {"dead_letters", n.dead_letters},
          {"cpu_seconds", seconds(n.cpu)},
          {"memory_bytes", n.memory > 0 ? json(n.memory) : json(nullptr)}};
}

json checkpoints_of(const job_metrics& r) {
  if (!r.checkpoints)
    return nullptr;
  const checkpoint_metrics& c = *r.checkpoints;
  return {{"completed", c.completed},
          {"failed", c.failed},
          {"last", c.last},
          {"last_bytes", c.bytes},
          {"last_seconds", seconds(c.took)},
          {"most_bytes", c.most_bytes},
          {"longest_seconds", seconds(c.longest)},
          {"last_error", c.last_error},
          {"restored", c.restored > 0 ? json(c.restored) : json(nullptr)},
          {"passed_over", c.passed_over}};
}

json fault_of(const error* fault) {
  if (!fault)
    return nullptr;
  return {{"stage", fault->stage}, {"what", fault->what}, {"hint", fault->hint}};
}

} // namespace

std::string metrics_json(const job_metrics& r, job_state state, const error* fault) {
  const double elapsed = seconds(r.elapsed);
  const auto records = r.records();
  std::uint64_t late = 0;
  json stages = json::array(), edges = json::array(), nodes = json::array();
  for (const stage_metrics& s : r.stages) {
    stages.push_back(stage_of(s, elapsed));
    late += s.late;
  }
  for (const edge_metrics& e : r.edges)
    edges.push_back(edge_of(e, elapsed));
  for (const node_metrics& n : r.nodes)
    nodes.push_back(node_of(n));
  const auto stalls = stalls_between({}, r);
  const auto busiest = busiest_between({}, r);
  const json bottleneck = !stalls.empty() ? json(stalls.front().edge->to)
                          : busiest       ? json(busiest->stage->name)
                                          : json(nullptr);
  const json all = {
      {"schema", 1},
      {"graph", r.name},
      {"state", text_of(state)},
      {"written_at", now_text()},
      {"elapsed_seconds", elapsed},
      {"records", records},
      {"records_per_second", elapsed > 0 ? static_cast<double>(records) / elapsed : 0},
      {"latency_seconds", latency_of(r)},
      {"late", late},
      {"dead_letters", r.dead_letters},
      {"checkpoints", checkpoints_of(r)},
      {"restarts", r.restarts},
      {"bottleneck", bottleneck},
      {"stages", std::move(stages)},
      {"edges", std::move(edges)},
      {"nodes", std::move(nodes)},
      {"error", fault_of(fault)}};
  // Names that are not UTF-8 must not keep the metrics from being written.
  return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

result<metrics_file> metrics_file::create(std::string path) {
  if (auto file = output_file::create(path); !file)
    return file.error();
  return metrics_file(std::move(path));
}

result<void> metrics_file::write(const job_metrics& r, job_state state, const error* fault) {
  auto file = output_file::create(path_);
  if (!file)
    return file.error();
  auto written = file->append(metrics_json(r, state, fault));
  return written ? file->complete() : written;
}

} // namespace leat
