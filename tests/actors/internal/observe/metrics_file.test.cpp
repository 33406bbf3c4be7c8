#include <leat/internal/observe/metrics_file.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <nlohmann/json.hpp>

using namespace leat;
using namespace std::chrono_literals;

namespace {

job_metrics some_report() {
  job_metrics r;
  r.name = "fraud";
  r.elapsed = 2s;
  r.stages = {{"items", kinds::source, 1000, 900, 0, 3, 0},
              {"pane", kinds::batching, 900, 900, 9, 0, 20},
              {"alerts", kinds::sink, 900, 0, 0, 0, 0}};
  r.stages[0].waiting_for = "connecting to tcp://feed:1";
  r.edges = {{"items", "pane", 500ms}, {"pane", "alerts", 1s}};
  r.stages[1].busy = 1s;
  r.stages[1].paused = 250ms;
  r.stages[1].running = 1;
  r.stages[0].watermark = from_seconds(60);
  r.stages[0].splits = {
      .active = 3, .idle = 1, .finished = 2, .held = 1, .furthest = from_seconds(90)};
  r.stages[1].inputs = {
      {.from = "items",
       .watermark = from_seconds(60),
       .held_back_by = slowest_split{"items", "eu.csv", from_seconds(65), 1500ms, true},
       .furthest = from_seconds(90)}};
  r.nodes = {{"coordinator", 1, 1000, 900, 0, 250ms, 0},
             {"edge-1", 2, 1800, 900, 100, 2s, 1 << 20}};
  r.dead_letters = 100;
  r.has_latency = true;
  r.latency_p50 = 1'000'000;
  r.latency_p99 = 2'500'000;
  r.latency_max = 3'000'000'000;
  return r;
}

} // namespace

TEST_CASE("figures are written by their schema") {
  auto got = nlohmann::json::parse(metrics_json(some_report(), job_state::running));
  CHECK(got.at("written_at").get<std::string>().ends_with("Z"));
  got.erase("written_at");
  CHECK(got == nlohmann::json::parse(R"({
    "schema": 1, "graph": "fraud", "state": "running", "elapsed_seconds": 2.0, "records": 1000,
    "records_per_second": 500.0, "latency_seconds": {"p50": 0.001, "p99": 0.0025, "max": 3.0},
    "late": 3, "dead_letters": 100, "checkpoints": null, "restarts": 0, "bottleneck": "alerts",
    "stages": [
      {"name": "items", "kind": "source", "records_in": 1000, "records_out": 900, "panes": 0,
       "late": 3, "dead_letters": 0, "held": 0, "timers_dropped": 0, "spilled": 0, "waiting_for": "connecting to tcp://feed:1",
       "busy_seconds": 0.0, "busy_share": 0.0, "paused_seconds": 0.0, "running": 0,
       "watermark": "1970-01-01T00:01:00Z", "inputs": [],
       "splits": {"active": 3, "held": 1, "idle": 1, "finished": 2, "furthest": "1970-01-01T00:01:30Z"}},
      {"name": "pane", "kind": "window", "records_in": 900, "records_out": 900, "panes": 9,
       "late": 0, "dead_letters": 0, "held": 20, "timers_dropped": 0, "spilled": 0, "waiting_for": null, "busy_seconds": 1.0,
       "busy_share": 0.5, "paused_seconds": 0.25, "running": 1, "watermark": null, "splits": null,
       "inputs": [{"from": "items", "watermark": "1970-01-01T00:01:00Z", "held_back_by":
         {"source": "items", "split": "eu.csv", "event_time": "1970-01-01T00:01:05Z", "seconds": 1.5, "silent": true}}]},
      {"name": "alerts", "kind": "sink", "records_in": 900, "records_out": 0, "panes": 0, "late": 0,
       "dead_letters": 0, "held": 0, "timers_dropped": 0, "spilled": 0, "waiting_for": null, "busy_seconds": 0.0, "busy_share": 0.0,
       "paused_seconds": 0.0, "running": 0, "watermark": null, "inputs": [], "splits": null}],
    "edges": [
      {"from": "items", "to": "pane", "stalled_seconds": 0.5, "stalled_share": 0.25},
      {"from": "pane", "to": "alerts", "stalled_seconds": 1.0, "stalled_share": 0.5}],
    "nodes": [
      {"name": "coordinator", "subtasks": 1, "records_in": 1000, "records_out": 900, "dead_letters": 0,
       "cpu_seconds": 0.25, "memory_bytes": null},
      {"name": "edge-1", "subtasks": 2, "records_in": 1800, "records_out": 900, "dead_letters": 100,
       "cpu_seconds": 2.0, "memory_bytes": 1048576}],
    "error": null})"));
}

TEST_CASE("a job without figures yet, and one that failed, are told as well") {
  const auto empty = nlohmann::json::parse(metrics_json({}, job_state::done));
  CHECK(empty.at("latency_seconds").is_null());
  CHECK(empty.at("bottleneck").is_null());
  CHECK(empty.at("records_per_second") == 0);
  error fault = external_error("no \xFF disk", "find one");
  fault.stage = "alerts";
  const auto failed = nlohmann::json::parse(metrics_json({}, job_state::failed, &fault));
  CHECK(failed.at("state") == "failed");
  CHECK(failed.at("error").at("stage") == "alerts");
  CHECK(failed.at("error").at("what") == "no \xEF\xBF\xBD disk");
}

TEST_CASE("the file is replaced as a whole") {
  const support::temporary_folder folder;
  auto file = metrics_file::create(folder / "m.json");
  REQUIRE(file);
  CHECK(folder.size() == 0);
  REQUIRE(file->write(some_report(), job_state::running));
  REQUIRE(file->write(some_report(), job_state::stopped));
  CHECK(folder.size() == 1);
  CHECK(nlohmann::json::parse(support::content_of(folder / "m.json")).at("state") == "stopped");
  CHECK(!metrics_file::create(folder / "no/m.json"));
}
