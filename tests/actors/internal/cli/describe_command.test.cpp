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
                                     "  sink     alerts: 1 subtask\n"
                                     "after a crash, with checkpoints\n"
                                     "  items: at most once, as it cannot be read again: what "
                                     "came after the last checkpoint is lost in a crash\n"
                                     "  alerts: at least once, as it publishes at once: records "
                                     "may come again after a crash\n");
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

namespace {

/// Reads and writes what is named; the sink has a file for each subtask.
struct filed_counter : counter {
  std::vector<leat::file_use> inputs() const { return {{"items.csv"}}; }
};
struct filed_sink : counting_sink {
  std::vector<leat::file_use> targets(const leat::sink_context& place) const {
    std::vector<leat::file_use> all;
    for (std::size_t i = 0; i < place.subtasks; ++i)
      all.push_back({"out-" + std::to_string(i) + ".csv"});
    return all;
  }
};

outcome filed(std::vector<std::string> arguments) {
  program p{"filed", "Has files."};
  p.graph([] {
    leat::graph g{"filed"};
    g.from("items", filed_counter{{10}})
        .rebalance("spread", 4)
        .window("pane", batch{})
        .score("risk", constant{})
        .to("out", filed_sink{}, {.parallelism = 2});
    return g;
  });
  arguments.insert(arguments.begin(), {"describe", "--placement"});
  return outcome_of(p, std::move(arguments));
}

} // namespace

TEST_CASE("a placement is described as text") {
  CHECK(filed({}).out == "placement of filed\n"
                         "  coordinator: items[0], spread[0-3], pane[0-3], risk[0-3], out[0-1]\n"
                         "items: on coordinator, all nodes are on this host\n"
                         "out: on coordinator, all nodes are on this host, each subtask writes its "
                         "own file\n");
  CHECK(filed({"--local-cluster", "2", "--pin", "risk=worker-2"}).out ==
        "placement of filed\n"
        "  coordinator: nothing\n"
        "  worker-1 (1 slot): items[0], spread[0-1], pane[0-1], out[0]\n"
        "  worker-2 (1 slot): spread[2-3], pane[2-3], risk[0-3], out[1]\n"
        "items: on worker-1, all nodes are on this host\n"
        "out: on worker-1, worker-2, all nodes are on this host, each subtask writes its own "
        "file\n");
  const std::vector<std::string> hosts = {"--node", "a", "--node", "b:3:gpu,fast"};
  CHECK(filed(hosts).out == "placement of filed\n"
                            "  coordinator: items[0], out[0-1]\n"
                            "  a (1 slot): spread[0], pane[0], risk[0]\n"
                            "  b (3 slots, gpu, fast): spread[1-3], pane[1-3], risk[1-3]\n"
                            "items: on coordinator, its path is local; --shared items if every "
                            "node has it\n"
                            "out: on coordinator, its path is local; --shared out if every node "
                            "has it\n");
  auto shared = hosts;
  shared.insert(shared.end(), {"--shared", "out", "--pin", "spread=gpu"});
  CHECK(has(filed(shared).out, "  b (3 slots, gpu, fast): spread[0-3], pane[0-3], risk[0-3], "
                               "out[1]\n"));
  CHECK(has(filed(shared).out,
            "out: on a, b, its path is shared, each subtask writes its own file\n"));
}

TEST_CASE("a placement is described as a chart and for programs") {
  const outcome chart = filed({"--format", "mermaid", "--local-cluster", "2"});
  CHECK(has(chart.out, "  subgraph n1[\"worker-1<br/>1 slot\"]\n"
                       "    n1s0[\"items[0]<br/>source\"]\n"));
  CHECK(has(chart.out, "  n1s0 -->|\"counted\"| n2s1\n"));
  CHECK(has(chart.out, "  n1s1 -->|\"counted\"| n1s2\n"));
  CHECK_FALSE(has(chart.out, "n1s1 -->|\"counted\"| n2s2\n")); // subtask by subtask

  const auto document = nlohmann::json::parse(
      filed({"--format", "json", "--node", "a", "--node", "b:3:gpu,fast"}).out);
  CHECK(document.at("graph") == "filed");
  CHECK(document.at("nodes").at(0) ==
        nlohmann::json::parse(R"({"name": "coordinator", "slots": 0, "labels": [], "stages": [
            {"name": "items", "subtasks": [0]}, {"name": "out", "subtasks": [0, 1]}]})"));
  CHECK(document.at("nodes").at(2).at("labels") == nlohmann::json{"gpu", "fast"});
  CHECK(document.at("paths").at(1) ==
        nlohmann::json::parse(R"({"stage": "out", "nodes": ["coordinator"],
            "paths": ["out-0.csv", "out-1.csv"],
            "reason": "its path is local; --shared out if every node has it"})"));
}

TEST_CASE("a placement that cannot be is refused") {
  const auto refused = [](std::vector<std::string> arguments) {
    const outcome told = filed(std::move(arguments));
    CHECK(told.code == exit_refused);
    CHECK(told.out.empty());
    return told.err;
  };
  CHECK(refused({"--pin", "risk=gpu", "--node", "a:1:edge"}) ==
        "filed: error: --pin risk: there is no node or label \"gpu\"\n"
        "  hint: nodes: coordinator, a; labels: edge\n");
  CHECK(has(refused({"--pin", "items=a", "--node", "a"}),
            "--pin items: it cannot run on \"a\", since its path \"items.csv\" is local to the "
            "coordinator\n"));
  CHECK(has(refused({"--pin", "risk"}), "--pin: \"risk\" is not STAGE=NODE\n"));
  CHECK(has(refused({"--pin", "risk=a", "--pin", "risk=b"}), "--pin risk is given twice\n"));
  CHECK(has(refused({"--shared", "outt"}), "--shared: there is no stage \"outt\"\n"));
  for (const char* node : {"", "a:0", "a:x", "a:1025", "a:1:", "a:1:x,,y", "a:1:x:y", ":1"})
    CHECK(has(refused({"--node", node}), "--node: invalid node \"" + std::string(node) + "\"\n"));
  CHECK(has(refused({"--node", "a", "--node", "a:2"}), "--node a is given twice\n"));
  CHECK(has(refused({"--node", "coordinator"}), "--node coordinator: the name is taken\n"));
  CHECK(has(refused({"--node", "a", "--local-cluster", "2"}), "exclude each other\n"));
  CHECK(has(refused({"--format", "dot"}), "--placement: there is no format dot of it\n"));
  CHECK(has(scoring({"describe", "--node", "a"}).err, "--node requires --placement\n"));
}

TEST_CASE("pins and shared stages may stand in the configuration file") {
  const scratch_folder folder;
  folder.folder.write("job.toml", "local-cluster = 2\nshared = [\"out\"]\n"
                                  "[stage.risk]\npin = \"worker-2\"\n");
  CHECK(has(filed({"--config", "job.toml"}).out, "risk[0-3], out[1]\n"));
  CHECK(has(filed({"--config", "job.toml", "--pin", "risk=worker-1"}).out,
            "pane[0-1], risk[0-3], out[0]\n"));
  folder.folder.write("job.toml", "shared = [\"outt\"]\n[stage.risk]\npin = \"gpu\"\n");
  CHECK(has(filed({"--config", "job.toml"}).err,
            "job.toml:1:1: --shared: there is no stage \"outt\"\n"));
  CHECK(has(filed({"--config", "job.toml", "--shared", "out"}).err,
            "job.toml:3:1: --pin risk: there is no node or label \"gpu\"\n"));
}
