#include <leat/internal/cli/summary.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace std::chrono_literals;

namespace {

job_metrics fraud() {
  job_metrics r;
  r.name = "fraud";
  r.elapsed = 12'340ms;
  r.stages = {{"payments", kinds::source, 1'234'567, 1'234'567, 0, 2, 0},
              {"pane", kinds::batching, 1'234'500, 1'234'500, 4823, 0, 0},
              {"risk", kinds::scoring, 1'234'500, 1'234'500, 0, 0, 0},
              {"alerts", kinds::sink, 1234, 0, 0, 0, 0},
              {"copy", kinds::sink, 5, 0, 0, 0, 0}};
  r.edges = {{"payments", "pane", 0ns}, {"pane", "risk", 0ns}, {"risk", "alerts", 0ns}};
  r.has_latency = true;
  r.latency_p50 = 1'203'000;
  r.latency_p99 = 4'803'211;
  r.latency_max = 12'000'000;
  return r;
}

} // namespace

TEST_CASE("the summary of a job that nothing held up") {
  CHECK(in_columns(summary_of(fraud(), "dl/dead-letters.jsonl")) ==
        "records       1 234 567\n"
        "seconds       12.34\n"
        "records/s     100 046\n"
        "latency       p50 1.20 ms, p99 4.80 ms, max 12.0 ms\n"
        "panes         pane 4 823\n"
        "out           alerts 1 234\n"
        "              copy 5\n"
        "late          2\n"
        "dead letters  0\n"
        "bottleneck    none: no edge stalled for more than 1 % of the time\n");
}

TEST_CASE("the summary names who held the job up, and where dead letters are") {
  job_metrics r = fraud();
  r.dead_letters = 3;
  r.edges[0].stalled = 11'500ms;
  r.edges[1].stalled = 11'400ms;
  r.edges[2].stalled = 11'480ms;
  r.has_latency = false;
  CHECK(in_columns(summary_of(r, "dl/dead-letters.jsonl")) ==
        "records       1 234 567\n"
        "seconds       12.34\n"
        "records/s     100 046\n"
        "latency       –\n"
        "panes         pane 4 823\n"
        "out           alerts 1 234\n"
        "              copy 5\n"
        "late          2\n"
        "dead letters  3 (in dl/dead-letters.jsonl)\n"
        "bottleneck    sink alerts (edge risk -> alerts stalled 93 % of the time)\n"
        "also          edge payments -> pane stalled 93 % of the time\n"
        "              edge pane -> risk stalled 92 % of the time\n");
}

TEST_CASE("the summary names a stage that was busy, though no edge stalled") {
  job_metrics r = fraud();
  r.stages[2].busy = 12s;
  CHECK(in_columns(summary_of(r, ""))
            .ends_with("bottleneck    stage risk (busy 97 % of the time, no edge stalled)\n"));
}

TEST_CASE("the summary names the stages that a silent split held back at the end") {
  job_metrics r = fraud();
  const slowest_split by{"payments", "eu.csv", from_seconds(60), 12s, true};
  for (const std::size_t s : {1U, 2U})
    r.stages[s].inputs = {{.from = "payments",
                           .watermark = from_seconds(50),
                           .held_back_by = by,
                           .furthest = from_seconds(90)}};
  const std::string rest =
      " is held back by split eu.csv of payments, at 1970-01-01T00:01:00Z for 12.0 s\n";
  CHECK(in_columns(summary_of(r, ""))
            .ends_with("event time    pane" + rest + "              risk" + rest));
}

TEST_CASE("the summary has a row for each node of a job with workers") {
  job_metrics r = fraud();
  r.nodes = {{"coordinator", 2, 1'234'567, 1'234'567, 0, 1'203ms, 48 << 20},
             {"edge-1", 1, 1'234'567, 12, 1, 12'340ms, (1 << 20) + 1},
             {"edge-2", 0, 0, 0, 0, 0ns, 0}};
  CHECK(in_columns(summary_of(r, ""))
            .ends_with("nodes         coordinator: 2 subtasks, 1 234 567 records in, 1 234 567 "
                       "out, 0 dead letters, "
                       "1.20 s CPU, 48 MiB\n"
                       "              edge-1: 1 subtask, 1 234 567 records in, 12 out, 1 dead "
                       "letter, 12.3 s CPU, "
                       "2 MiB\n"
                       "              edge-2: 0 subtasks, 0 records in, 0 out, 0 dead letters, 0 "
                       "ns CPU, memory "
                       "unknown\n"));
}

TEST_CASE("the summary of a job that did nothing") {
  job_metrics r;
  CHECK(in_columns(summary_of(r, "")) ==
        "records       0\n"
        "seconds       0.00\n"
        "records/s     0\n"
        "latency       –\n"
        "late          0\n"
        "dead letters  0\n"
        "bottleneck    none: no edge stalled for more than 1 % of the time\n");
}

TEST_CASE("the summary names the damaged checkpoints that were passed over") {
  job_metrics r = fraud();
  r.checkpoints = checkpoint_metrics{.completed = 0, .restored = 7, .passed_over = {"a", "b"}};
  CHECK(in_columns(summary_of(r, ""))
            .find("continued     from checkpoint 7\n"
                  "              passed over: a\n"
                  "              passed over: b\n") != std::string::npos);
}
