#include <leat/sinks/csv.hpp>

#include "support/program.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <thread>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct failing_sink {
  bool at_once = false;
  result<void> open(const sink_place&) {
    if (at_once)
      return external_error("no disk", "find one");
    return {};
  }
  template <class T>
  result<void> write(std::span<const T>) {
    return external_error("the disk is full", "make room");
  }
};

nlohmann::json metrics() { return nlohmann::json::parse(content_of("m.json")); }

} // namespace

TEST_CASE("a graph runs, and its summary is followed by the program's own rows") {
  scoring_program p;
  p.after_run([](const job_report& r) {
    return text_rows{{"precision", fmt::format("0.91 of {}", r.records())}};
  });
  const outcome told =
      outcome_of(p, {"run", "--items", "2500", "--window", "pane=micro-batch:250,5s"});
  CHECK(told.code == exit_done);
  CHECK(told.err.empty());
  CHECK(*p.alerts.records == 2500);
  CHECK(told.out.starts_with("records       2 500\nseconds       "));
  CHECK(has(told.out, "\npanes         pane 10\n"
                      "out           alerts 2 500\n"
                      "late          0\n"
                      "dead letters  0\n"));
  CHECK(told.out.ends_with("\nprecision     0.91 of 2500\n"));
}

TEST_CASE("all options of run together") {
  scoring_program p;
  const outcome told = outcome_of(p, {"run",
                                      "-n",
                                      "3000",
                                      "--parallelism",
                                      "2",
                                      "--workers",
                                      "2",
                                      "--window",
                                      "pane=every:50ms",
                                      "--rate",
                                      "20000",
                                      "--slow-sink",
                                      "alerts=1us",
                                      "--frame-records",
                                      "7",
                                      "--dead-letters",
                                      "letters",
                                      "--dead-letter-cap",
                                      "1MB",
                                      "--progress",
                                      "on"});
  CHECK(told.code == exit_done);
  CHECK(*p.alerts.records == 3000);
  const auto seconds = told.out.find("seconds       ");
  REQUIRE(seconds != std::string::npos);
  CHECK(std::stod(told.out.substr(seconds + 14)) >= 0.14); // 3000 records at 20 000 a second
}

TEST_CASE("a batch has no latency") {
  CHECK(has(scoring({"run", "--window", "pane=batch"}).out, "\nlatency       –\n"));
}

TEST_CASE("a quiet run says nothing") {
  scoring_program p;
  p.after_run([](const job_report&) { return text_rows{{"precision", "0.91"}}; });
  const outcome told = outcome_of(p, {"run", "--quiet", "--progress", "on"});
  CHECK(told.code == exit_done);
  CHECK(told.out.empty());
  CHECK(told.err.empty());
  CHECK(*p.alerts.records == 1000);
}

TEST_CASE("a slow sink is found out") {
  const outcome told = scoring({"run", "-n", "30000", "--slow-sink", "alerts=20us"});
  CHECK(told.code == exit_done);
  CHECK(has(told.out, "\nheld up by    sink alerts (edge risk -> alerts stalled "));
}

TEST_CASE("a fault while running is 2 and names the stage; before anything was read it is 1") {
  const outcome late = run_counting({1000}, failing_sink{});
  CHECK(late.code == exit_failed);
  CHECK(late.out.empty());
  CHECK(late.err == "counting: error: out: the disk is full\n  hint: make room\n");
  const outcome early = run_counting({1000}, failing_sink{true});
  CHECK(early.code == exit_refused);
  CHECK(early.err == "counting: error: out: no disk\n  hint: find one\n");
  const outcome folder = run_counting({1000}, csv_sink<counted>{"/nowhere/at/all.csv"});
  CHECK(folder.code == exit_refused);
  CHECK(has(folder.err, "counting: error: out: cannot write \"/nowhere/at/all.csv\""));
}

TEST_CASE("dead letters are kept, and the summary says where") {
  const scratch_folder folder;
  const counter with_letters{100, 50, [](output<counted>& out) {
                               for (int i = 0; i < 3; ++i)
                                 out.reject("too strange", "items.csv:51", "?!");
                             }};
  const outcome told = run_counting(with_letters, counting_sink{});
  CHECK(told.code == exit_done);
  CHECK(has(told.out, "\ndead letters  3 (in counting-dead-letters/dead-letters.jsonl)\n"));
  CHECK(fs::exists("counting-dead-letters/dead-letters.jsonl"));
  CHECK(has(run_counting(with_letters, counting_sink{}, {"--dead-letters", "mine"}).out,
            "\ndead letters  3 (in mine/dead-letters.jsonl)\n"));
  CHECK(fs::exists("mine/dead-letters.jsonl"));
}

TEST_CASE("a run takes its options from a file too, and describe from the same one") {
  const scratch_folder folder;
  folder.folder.write("job.toml",
                      "items = 50\nprogress = \"off\"\nmetrics-out = \"m.json\"\nparallelism = 2\n"
                      "[stage.pane]\nwindow = \"micro-batch:10,1h\"\n");
  scoring_program p;
  const outcome told = outcome_of(p, {"run", "--config", "job.toml"});
  CHECK(told.code == exit_done);
  CHECK(told.err.empty());
  CHECK(*p.alerts.records == 50);
  CHECK(has(told.out, "pane 5\n"));
  const outcome described = scoring({"describe", "--config", "job.toml"});
  CHECK(described.code == exit_done);
  CHECK(described.err.empty());
}

TEST_CASE("a fault in a file's options is told with its place") {
  const scratch_folder folder;
  for (const auto& [toml, error] : std::vector<std::pair<std::string, std::string>>{
           {"\nparallelism = 129\n", "job.toml:2:1: --parallelism: 129 is not between 1 and 128"},
           {"[stage.pane]\nwindow = \"recods\"\n",
            "job.toml:2:1: --window pane: \"recods\" is no grouping"},
           {"[stage.pan]\nwindow = \"record\"\n", "job.toml:2:1: there is no stage \"pan\""},
           {"log-level = \"loud\"\n",
            "job.toml:1:1: --log-level: \"loud\" is not error, warning, info"},
           {"metrics-every = \"1s\"\n", "job.toml:1:1: --metrics-every needs --metrics-out"}}) {
    folder.folder.write("job.toml", toml);
    const outcome told = scoring({"run", "--config", "job.toml"});
    CHECK(told.code == exit_refused);
    CHECK(told.err.substr(0, told.err.find('\n')) == "scoring: error: " + error);
  }
  CHECK(scoring({"run", "--config", "none.toml"}).code == exit_refused);
}

TEST_CASE("figures are written at the end, whatever it is") {
  const scratch_folder folder;
  CHECK(scoring({"run", "--metrics-out", "m.json"}).code == exit_done);
  CHECK(metrics().at("state") == "done");
  CHECK(metrics().at("records") == 1000);
  CHECK(folder.files() == std::vector<std::string>{"m.json"});
  CHECK(run_counting({1000}, failing_sink{}, {"--metrics-out", "m.json"}).code == exit_failed);
  CHECK(metrics().at("state") == "failed");
  CHECK(metrics().at("error").at("what") == "the disk is full");
  CHECK(metrics().at("error").at("stage") == "out");
  const outcome nowhere = scoring({"run", "--metrics-out", "no/m.json"});
  CHECK(nowhere.code == exit_refused);
  CHECK(has(nowhere.err, "no/m.json"));
  CHECK(scoring({"run", "--metrics-out", "m.json", "--metrics-every", "1ms"}).code == exit_refused);
}

TEST_CASE("figures are written while a job runs") {
  const scratch_folder folder;
  counter slowly{endless};
  slowly.turn = 10; // waits there until it sees the file
  std::string meanwhile;
  slowly.at_turn = [&](output<counted>&) {
    while (!fs::exists("m.json"))
      std::this_thread::sleep_for(1ms);
    meanwhile = metrics().at("state");
    std::raise(SIGINT);
  };
  const default_signals signals;
  const outcome told = run_counting(slowly, counting_sink{},
                                    {"--metrics-out", "m.json", "--metrics-every", "100ms"});
  CHECK(told.code == exit_done);
  CHECK(meanwhile == "running");
  CHECK(metrics().at("state") == "stopped");
}

TEST_CASE("what is logged is a matter of level") {
  const scratch_folder folder;
  const auto told = [&](std::vector<std::string> more) {
    counter c{endless};
    c.turn = 10;
    c.at_turn = [](output<counted>&) { std::raise(SIGINT); };
    more.insert(more.begin(), "--quiet");
    const default_signals signals;
    return run_counting(c, counting_sink{}, more).err;
  };
  const std::string stopping =
      "counting: stopping: finishing what was read (Ctrl-C again to stop at once)\n";
  CHECK(told({}) == stopping);
  CHECK(told({"--log-level", "error"}).empty());
  const std::string all = told({"--log-level", "info"});
  CHECK(all.starts_with("counting: info: job counting started: 2 stages\n"));
  CHECK(has(all, stopping));
  CHECK(has(all, "counting: info: job counting ended: "));
}
