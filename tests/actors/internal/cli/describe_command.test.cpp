#include "support/program.hpp"

#include <nlohmann/json.hpp>

using namespace leat;
using namespace support;

TEST_CASE("a graph is described") {
  CHECK(scoring({"describe"}).out == "graph scores\n"
                                     "  source   items: 1 subtask\n"
                                     "           -> pane (counted forward)\n"
                                     "  window   pane: 1 subtask, micro-batch:100,5s\n"
                                     "           -> risk (counted forward)\n"
                                     "  score    risk: 1 subtask\n"
                                     "           -> alerts (scored<counted> forward)\n"
                                     "  sink     alerts: 1 subtask\n");
  CHECK(scoring({"describe", "--format", "mermaid"}).out.starts_with("flowchart LR\n"));
  CHECK(scoring({"describe", "--format", "dot"}).out.starts_with("digraph \"scores\" {\n"));
  CHECK(nlohmann::json::parse(scoring({"describe", "--format", "json"}).out).at("graph") ==
        "scores");
}

TEST_CASE("a graph that cannot run is not described or run, and all its faults are told") {
  program p{"broken", "Cannot run."};
  p.graph([] {
    leat::graph g{"broken"};
    auto items = g.from("items", counter{10});
    std::move(items).to("items", counting_sink{});
    (void)g.from("loose", counter{10});
    return g;
  });
  for (const char* command : {"describe", "run"}) {
    const outcome told = outcome_of(p, {command});
    CHECK(told.code == exit_refused);
    CHECK(told.out.empty());
    CHECK(has(told.err, "broken: error: two stages are called \"items\"\n"));
    CHECK(has(told.err, "broken: error: the output of source \"loose\" leads nowhere\n"));
    CHECK(has(told.err, "  hint: end it with .to(name, sink)\n"));
  }
}

TEST_CASE("a graph is described as it would be run") {
  CHECK(has(scoring({"describe", "--window", "pane=every:1s,10"}).out,
            "window   pane: 1 subtask, every:1s,10\n"));
  CHECK(
      nlohmann::json::parse(scoring({"describe", "--format", "json", "--window", "pane=batch"}).out)
          .at("stages")
          .at(1)
          .at("batching") == "batch");

  const scratch_folder folder;
  folder.folder.write("job.toml", "items = 50\n[stage.pane]\nwindow = \"batch\"\n"
                                  "[stage.alerts]\nslow-sink = \"1us\"\n");
  CHECK(has(scoring({"describe", "--config", "job.toml"}).out, "pane: 1 subtask, batch\n"));
  CHECK(has(scoring({"describe", "--config", "job.toml", "--window", "pane=record"}).out,
            "pane: 1 subtask, record\n"));
  folder.folder.write("job.toml", "[stage.pan]\nwindow = \"batch\"\n");
  CHECK(has(scoring({"describe", "--config", "job.toml"}).err,
            "scoring: error: job.toml:2:1: there is no stage \"pan\"\n"));
}
