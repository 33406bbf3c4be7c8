#include <leat/connectors/csv/sink.hpp>

#include "support/program.hpp"

#include <fmt/format.h>

using namespace leat;
using namespace support;

TEST_CASE("a program explains itself") {
  const outcome told = scoring({"--help"});
  CHECK(told.code == exit_done);
  CHECK(told.err.empty());
  CHECK(told.out == "scoring: Scores items.\n"
                    "\n"
                    "Usage: scoring COMMAND [OPTIONS]\n"
                    "\n"
                    "Commands:\n"
                    "  run          run the graph until its input ends or Ctrl-C stops it\n"
                    "  describe     print the graph: its stages and edges\n"
                    "  coordinator  run the graph with workers on other hosts\n"
                    "  worker       run a share of the graph for a coordinator\n"
                    "  certs        make the certificates of a cluster\n"
                    "  savepoint    ask a running job for a savepoint\n"
                    "  inspect      print what checkpoints and savepoints hold\n"
                    "  tail         print the published parts of an output\n"
                    "  train        trains a model\n"
                    "\n"
                    "scoring COMMAND --help lists the options of a command.\n");
  CHECK(scoring({"-h"}).out == told.out);
}

TEST_CASE("commands explain themselves: own options first, then running, then output") {
  const outcome told = scoring({"run", "--help"});
  CHECK(told.code == exit_done);
  std::size_t at = 0;
  for (const char* part :
       {"scoring run [OPTIONS]: run the graph", "\nOptions:\n", "-n, --items N", "--model FILE",
        "\nRunning:\n", "--parallelism N", "--window STAGE=SPEC", "--workers N", "--rate R",
        "--slow-sink STAGE=DURATION", "--frame-records N", "\nOutput:\n", "--dead-letters DIR",
        "--dead-letter-cap SIZE", "--progress WHEN", "--quiet", "\nSPEC", "micro-batch:256,5ms"}) {
    INFO(part);
    at = told.out.find(part, at);
    REQUIRE(at != std::string::npos);
  }
  CHECK(has(scoring({"describe", "--help"}).out, "--format FORMAT"));
  CHECK(scoring({"train", "--help"}).out == "scoring train [OPTIONS]: trains a model\n"
                                            "\n"
                                            "Options:\n"
                                            "  --out FILE  where the model goes\n");
}

TEST_CASE("every spec in the help is one") {
  const std::string help = scoring({GENERATE("run", "describe"), "--help"}).out;
  std::size_t specs = 0;
  for (const char* spec :
       {"record", "micro-batch:256,5ms", "every:1s", "every:1s,10000", "batch"}) {
    CHECK(has(help, fmt::format("\n  {} ", spec)));
    CHECK(any_batching::parse(spec));
    ++specs;
  }
  const std::string behind = help.substr(help.find("\nSPEC") + 1);
  CHECK(std::count(behind.begin(), behind.end(), '\n') == static_cast<std::ptrdiff_t>(specs) + 1);
}

TEST_CASE("a wrong command line gets one line of error, a hint and code 1") {
  struct wrong {
    std::vector<std::string> arguments;
    std::string error;
    std::string hint;
  };
  const std::vector<wrong> all = {
      {{},
       "no command",
       "the command comes first: run, describe, coordinator, worker, certs, savepoint, inspect, "
       "tail, train"},
      {{"ran"},
       "unknown command \"ran\"",
       "the command comes first: run, describe, coordinator, worker, certs, savepoint, inspect, "
       "tail, train"},
      {{"--items", "5", "run"},
       "unknown command \"--items\"",
       "the command comes first: run, describe, coordinator, worker, certs, savepoint, inspect, "
       "tail, train"},
      {{"run", "--itms", "5"}, "unknown option \"--itms\"", "did you mean --items?"},
      {{"run", "--parallelism", "0"}, "--parallelism: 0 is not between 1 and 128", ""},
      {{"run", "--parallelism", "129"}, "--parallelism: 129 is not between 1 and 128", ""},
      {{"run", "--workers", "100000"}, "--workers: 100000 is not between 0 and 1024", ""},
      {{"run", "--frame-records", "0"}, "--frame-records: 0 is not between 1 and 1000000", ""},
      {{"run", "--rate", "fast"}, "--rate: \"fast\" is not a number", ""},
      {{"run", "--rate", "-1"}, "--rate: -1 must not be negative", ""},
      {{"run", "--window", "pane"},
       "--window: \"pane\" is not STAGE=SPEC",
       "for example --window pane=micro-batch:256,5ms"},
      {{"run", "--window", "=record"},
       "--window: \"=record\" is not STAGE=SPEC",
       "for example --window pane=micro-batch:256,5ms"},
      {{"run", "--window", "pane=records"},
       "--window pane: invalid batching \"records\"",
       "one of: record | micro-batch:COUNT,DELAY (micro-batch:256,5ms) | every:DURATION (every:1s)"
       " | every:DURATION,MAX-COUNT | batch; counts and durations above 0, durations in ns, us, "
       "ms, "
       "s, min, h"},
      {{"run", "--window", "pan=record"},
       "there is no windowing stage \"pan\"",
       "windowing stages of this graph: pane"},
      {{"run", "--window", "pane=record", "--window", "pane=batch"},
       "--window pane is given twice",
       ""},
      {{"run", "--slow-sink", "alerts"},
       "--slow-sink: \"alerts\" is not STAGE=DURATION",
       "for example --slow-sink alerts=100us"},
      {{"run", "--slow-sink", "alerts=100"},
       "--slow-sink alerts: invalid duration \"100\"",
       "a whole number and ns, us, ms, s, min or h: 100us"},
      {{"run", "--slow-sink", "alert=100us"},
       "there is no sink stage \"alert\"",
       "sink stages of this graph: alerts"},
      {{"run", "--dead-letter-cap", "much"},
       "--dead-letter-cap: invalid size \"much\"",
       "a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB: 512MB"},
      {{"run", "--node-buffer", "much"},
       "--node-buffer: invalid size \"much\"",
       "a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB: 512MB"},
      {{"run", "--node-buffer", "65535"},
       "--node-buffer: \"65535\" is too small",
       "at least 64KiB"},
      {{"run", "--batch-memory", "much"},
       "--batch-memory: invalid size \"much\"",
       "a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB: 512MB"},
      {{"run", "--batch-memory", "65535"},
       "--batch-memory: \"65535\" is too small",
       "at least 64KiB"},
      {{"run", "--batch-folder", "no folder"},
       "invalid batch_folder \"no folder\": there is no such folder",
       "create the folder first, or choose another one"},
      {{"run", "--progress", "maybe"}, "--progress: \"maybe\" is not auto, on or off", ""},
      {{"run", "--model", "none"}, "no model", "train one"},
      {{"describe", "--format", "svg"}, "--format: \"svg\" is not text, mermaid, dot or json", ""},
      {{"describe", "--parallelism", "0"}, "--parallelism: 0 is not between 1 and 128", ""},
      {{"describe", "--window", "pane=records"},
       "--window pane: invalid batching \"records\"",
       "one of: record | micro-batch:COUNT,DELAY (micro-batch:256,5ms) | every:DURATION (every:1s)"
       " | every:DURATION,MAX-COUNT | batch; counts and durations above 0, durations in ns, us, "
       "ms, "
       "s, min, h"},
      {{"describe", "--window", "risk=record"},
       "there is no windowing stage \"risk\"",
       "windowing stages of this graph: pane"},
      {{"describe", "--model", "none"}, "no model", "train one"},
      {{"train", "--out", "badly"}, "no payments", "simulate some"},
  };
  for (const wrong& w : all) {
    INFO(fmt::format("{}", fmt::join(w.arguments, " ")));
    const outcome told = scoring(w.arguments);
    CHECK(told.code == exit_refused);
    CHECK(told.out.empty());
    CHECK(told.err == fmt::format("scoring: error: {}\n{}", w.error,
                                  w.hint.empty() ? "" : fmt::format("  hint: {}\n", w.hint)));
  }
}

TEST_CASE("own commands end with a code of their error's kind") {
  CHECK(scoring({"train"}).code == exit_done);
  CHECK(scoring({"train", "--out", "badly"}).code == exit_refused);
  const outcome external = scoring({"train", "--out", "nowhere"});
  CHECK(external.code == exit_failed);
  CHECK(external.err == "scoring: error: disk full\n");
  const outcome bug = scoring({"train", "--out", "broken"});
  CHECK(bug.code == exit_failed);
  CHECK(bug.err == "scoring: error: a bug\n");
}

TEST_CASE("a program without a graph has only its own commands") {
  program p{"tool", "Does things."};
  p.command("do", "does it", [] { return result<void>{}; });
  CHECK(outcome_of(p, {"do"}).code == exit_done);
  CHECK(has(outcome_of(p, {"run"}).err, "the command comes first: do\n"));
}

TEST_CASE("a graph alone is a program too") {
  const scratch_folder folder;
  std::vector<std::string> arguments = {"./counting", "run", "--quiet"};
  std::vector<char*> argv;
  for (std::string& a : arguments)
    argv.push_back(a.data());
  argv.push_back(nullptr);
  CHECK(leat::run(counting_into({100}, csv_sink<counted>{"out.csv"}), 3, argv.data()) == exit_done);
  CHECK(folder.files() == std::vector<std::string>{"out.csv"});
}
