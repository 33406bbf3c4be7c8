#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/csv/source.hpp>

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
  result<void> open(const sink_context&) {
    if (at_once)
      return external_error("no disk", "find one");
    return {};
  }
  template <class T>
  result<void> write(std::span<const T>) {
    return external_error("the disk is full", "make room");
  }
};

struct table {
  static constexpr bool publishes_as_it_goes = true;
  void write(std::span<const counted>) {}
};

nlohmann::json metrics() { return nlohmann::json::parse(content_of("m.json")); }

} // namespace

TEST_CASE("a graph runs, and its summary is followed by the program's own rows") {
  scoring_program p;
  p.after_run([](const job_metrics& r) {
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
  p.after_run([](const job_metrics&) { return text_rows{{"precision", "0.91"}}; });
  const outcome told = outcome_of(p, {"run", "--quiet", "--progress", "on"});
  CHECK(told.code == exit_done);
  CHECK(told.out.empty());
  CHECK(told.err.empty());
  CHECK(*p.alerts.records == 1000);
}

TEST_CASE("a slow sink is found out") {
  const outcome told = scoring({"run", "-n", "30000", "--slow-sink", "alerts=20us"});
  CHECK(told.code == exit_done);
  CHECK(has(told.out, "\nbottleneck    sink alerts (edge risk -> alerts stalled "));
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
  const counter with_letters{100, 50, [](emitter<counted>& out) {
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

TEST_CASE("a failure in mid-run is 2, also if nothing was read") {
  const scratch_folder folder;
  fs::create_directories("letters/dead-letters.jsonl"); // a folder, where a file should be
  const counter rejecting{100, 0, [](emitter<counted>& out) { out.reject("strange", "x:1", "?"); }};
  const outcome told =
      run_counting(rejecting, csv_sink<counted>{"out.csv"}, {"--dead-letters", "letters"});
  CHECK(told.code == exit_failed);
  CHECK(has(told.err, "letters/dead-letters.jsonl"));
  CHECK_FALSE(fs::exists("out.csv"));
}

TEST_CASE("a file as the folder of dead letters is refused before the start") {
  const scratch_folder folder;
  folder.folder.write("letters", "a file");
  const outcome told =
      run_counting(counter{100}, csv_sink<counted>{"out.csv"}, {"--dead-letters", "letters"});
  CHECK(told.code == exit_refused);
  CHECK(told.err == "counting: error: --dead-letters: \"letters\" is not a folder\n"
                    "  hint: choose another path\n");
}

TEST_CASE("a run in which no record gets through fails and publishes nothing") {
  const scratch_folder folder;
  const auto letters = [&](std::int64_t records, int rejected, std::vector<std::string> more) {
    fs::remove("out.csv");
    const counter c{records + 1, 0, [rejected](emitter<counted>& out) {
                      for (int i = 0; i < rejected; ++i)
                        out.reject("strange", "x:1", "?");
                    }};
    // The record at which they are rejected is the one more; a filter takes it away.
    leat::program p{"letters", "Rejects."};
    p.graph([&] {
      leat::graph g{"letters"};
      g.from("items", c)
          .filter("rest", [](const counted& r) { return r.id > 0; })
          .to("out", csv_sink<counted>{"out.csv"});
      return g;
    });
    more.insert(more.begin(), {"run", "--quiet"});
    outcome told = outcome_of(p, more);
    CHECK(fs::exists("out.csv") == (told.code == exit_done));
    return told;
  };
  struct none {
    using record_type = counted;
    leat::pull_status pull(std::size_t, emitter<counted>& out) {
      for (int i = 0; i < 3; ++i)
        out.reject("strange", "x:1", "?");
      return leat::pull_status::done();
    }
  };
  const auto nothing_read = [&](std::vector<std::string> more) {
    fs::remove("out.csv");
    leat::program p{"letters", "Rejects."};
    p.graph([&] {
      leat::graph g{"letters"};
      g.from("items", none{}).to("out", csv_sink<counted>{"out.csv"});
      return g;
    });
    more.insert(more.begin(), {"run", "--quiet"});
    return outcome_of(p, more);
  };
  const outcome all = nothing_read({});
  CHECK(all.code == exit_failed);
  CHECK(has(all.err, "no record got through: 3 records, 3 dead letters"));
  CHECK(
      all.err.ends_with("letters: dead letters: 3 (in letters-dead-letters/dead-letters.jsonl)\n"));
  CHECK_FALSE(fs::exists("out.csv"));
  CHECK(nothing_read({"--max-dead-letters", "100%"}).code == exit_done);
  CHECK(fs::exists("out.csv"));
  CHECK(nothing_read({"--max-dead-letters", "3"}).code == exit_done);
  CHECK(nothing_read({"--max-dead-letters", "2"}).code == exit_failed);

  CHECK(letters(10, 3, {}).code == exit_done);
  CHECK(letters(10, 100, {}).code == exit_done); // some got through
  CHECK(letters(10, 3, {"--max-dead-letters", "3"}).code == exit_done);
  const outcome four = letters(10, 4, {"--max-dead-letters", "3"});
  CHECK(four.code == exit_failed);
  CHECK(has(four.err, "letters: error: items: the limit of 3 dead letters is exceeded\n"));
  CHECK(letters(95, 4, {"--max-dead-letters", "4%"}).code == exit_done); // 4 of 100
  const outcome five = letters(94, 5, {"--max-dead-letters", "4.9%"});
  CHECK(five.code == exit_failed);
  CHECK(has(five.err, "letters: error: 5 dead letters of 100 records exceed the limit of 4.9%\n"));
  for (const char* wrong : {"x", "-1", "5.5", "101%", "%", "-1%", "nan%"}) {
    const outcome told = letters(10, 0, {"--max-dead-letters", wrong});
    CHECK(told.code == exit_refused);
    CHECK(has(told.err, "--max-dead-letters: invalid limit"));
  }
}

TEST_CASE("outputs that would destroy each other, or an input, are refused before the start") {
  const scratch_folder folder;
  folder.folder.write("in.csv", "id\n1\n");
  folder.folder.write("other.csv", "id\n");
  const auto run_files = [](const std::string& in, const std::string& a, const std::string& b,
                            std::vector<std::string> more = {}) {
    leat::program p{"files", "Copies."};
    p.graph([&] {
      leat::graph g{"files"};
      auto from = g.from("in", csv_source<counted>{in});
      from.to("a", csv_sink<counted>{a});
      from.to("b", csv_sink<counted>{b}, {2});
      return g;
    });
    more.insert(more.begin(), {"run", "--quiet"});
    return outcome_of(p, more);
  };
  const auto refused = [](const outcome& told, const std::string& what) {
    INFO(told.err);
    CHECK(told.code == exit_refused);
    CHECK(has(told.err, "files: error: " + what + "\n"));
  };
  refused(run_files("in.csv", "b-1.csv", "b.csv"),
          R"(sink "a" and sink "b" write the same file "b-1.csv")");
  fs::create_symlink("b-0.csv", "link");
  refused(run_files("in.csv", "./link", "b.csv"),
          R"(sink "a" and sink "b" write the same file "b-0.csv")");
  refused(run_files("in.csv", "x/../in.csv", "b.csv"),
          R"(sink "a" would overwrite "x/../in.csv", which source "in" reads)");
  refused(run_files("*.csv", "other.csv", "b.csv"),
          R"(sink "a" would overwrite "other.csv", which source "in" reads)");
  refused(run_files("in.csv", "m.json", "b.csv", {"--metrics-out", "m.json"}),
          R"(sink "a" and --metrics-out write the same file "m.json")");
  refused(run_files("in.csv", "d/dead-letters.jsonl", "b.csv", {"--dead-letters", "d"}),
          R"(sink "a" and --dead-letters write the same file "d/dead-letters.jsonl")");
  CHECK(content_of("in.csv") == "id\n1\n");
  CHECK(run_files("in.csv", "a.csv", "b.csv").code == exit_done);
  CHECK(content_of("a.csv") == "id\n1\n");
}

TEST_CASE("what a killed run left is removed and reported") {
  const scratch_folder folder;
  folder.folder.write("out.csv.partial-4711-0", "id\n1\n");
  const outcome told = run_counting({10}, csv_sink<counted>{"out.csv"});
  CHECK(told.code == exit_done);
  CHECK(has(told.err, "out.csv.partial-4711-0\", the output of a run that was killed"));
  CHECK(folder.files() == std::vector<std::string>{"out.csv"});
}

TEST_CASE("sinks that publish as they go are named at the start") {
  const outcome told = run_counting({10}, table{});
  CHECK(told.code == exit_done);
  CHECK(told.err == "counting: out publishes as it goes: a job that fails leaves the records "
                    "written so far\n");
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
            "job.toml:2:1: --window pane: invalid batching \"recods\""},
           {"[stage.pan]\nwindow = \"record\"\n", "job.toml:2:1: there is no stage \"pan\""},
           {"log-level = \"loud\"\n",
            "job.toml:1:1: --log-level: \"loud\" is not error, warning or info"},
           {"metrics-every = \"1s\"\n", "job.toml:1:1: --metrics-every requires --metrics-out"}}) {
    folder.folder.write("job.toml", toml);
    const outcome told = scoring({"run", "--config", "job.toml"});
    CHECK(told.code == exit_refused);
    CHECK(told.err.substr(0, told.err.find('\n')) == "scoring: error: " + error);
  }
  CHECK(scoring({"run", "--config", "none.toml"}).code == exit_refused);
}

TEST_CASE("a pin to a node that is not there is refused before the start") {
  const outcome told = scoring({"run", "--pin", "risk=worker-1"});
  CHECK(told.code == exit_refused);
  CHECK(told.err == "scoring: error: --pin risk: there is no node or label \"worker-1\"\n"
                    "  hint: nodes: coordinator; labels: none\n");
  const scratch_folder folder;
  folder.folder.write("job.toml", "quiet = true\n[stage.risk]\npin = \"worker-1\"\n");
  CHECK(
      has(scoring({"run", "--config", "job.toml"}).err, "job.toml:3:1: --pin risk: there is no "));
  CHECK(scoring({"run", "--config", "job.toml", "--pin", "risk=coordinator"}).code == exit_done);
  CHECK(has(scoring({"run", "--shared", "pan"}).err, "--shared: there is no stage \"pan\"\n"));
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
  slowly.at_turn = [&](emitter<counted>&) {
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
    c.at_turn = [](emitter<counted>&) { std::raise(SIGINT); };
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
