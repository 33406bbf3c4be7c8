#include <leat/run.hpp>

#include <leat/sinks/csv.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <unistd.h>

using namespace leat;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct item {
  std::int64_t id = 0;
  static constexpr auto fields = leat::fields("item", leat::feature("id", &item::id));
};

/// Counts up; and calls `at_turn` when it comes to that record.
struct counter {
  using record_type = item;
  std::int64_t end = 0;
  std::int64_t turn = -1;
  std::function<void(output<item>&)> at_turn = nullptr;
  std::int64_t next = 0;

  pulled pull(std::size_t demand, output<item>& out) {
    for (; demand > 0 && next < end; --demand) {
      if (next == turn)
        at_turn(out);
      out({next++});
    }
    return next < end ? pulled::more() : pulled::done();
  }
};
constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();

struct constant {
  using score_type = float;
  void predict(std::span<const item> rows, std::span<float> scores) const {
    std::fill_n(scores.begin(), rows.size(), 0.5F);
  }
};

struct counting_sink {
  std::shared_ptr<std::atomic<std::uint64_t>> records =
      std::make_shared<std::atomic<std::uint64_t>>();
  template <class T>
  void write(std::span<const T> r) {
    *records += r.size();
  }
};

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

/// Interrupts twice during its first write, slowly enough to be heard twice.
struct interrupting_sink {
  static constexpr bool blocking = true;
  csv_sink<item> file;
  bool first = true;
  result<void> open(const sink_place& place) { return file.open(place); }
  result<void> write(std::span<const item> records) {
    for (int i = 0; std::exchange(first, false) || (i > 0 && i < 2); ++i) {
      std::raise(SIGINT);
      std::this_thread::sleep_for(200ms);
    }
    return file.write(records);
  }
  result<void> close() { return file.close(); }
};

/// What a program printed, and its exit code.
struct outcome {
  int code = -1;
  std::string out;
  std::string err;
};

class memory_stream {
public:
  memory_stream() : stream_(open_memstream(&text_, &size_)) {}
  ~memory_stream() {
    std::fclose(stream_);
    std::free(text_);
  }
  memory_stream(const memory_stream&) = delete;
  memory_stream& operator=(const memory_stream&) = delete;
  std::FILE* get() { return stream_; }
  std::string text() {
    std::fflush(stream_);
    return {text_, size_};
  }

private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_;
};

int call(program& p, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "./program");
  std::vector<char*> argv;
  for (std::string& a : arguments)
    argv.push_back(a.data());
  argv.push_back(nullptr);
  return p.main(static_cast<int>(arguments.size()), argv.data());
}

outcome outcome_of(program& p, std::vector<std::string> arguments) {
  memory_stream out;
  memory_stream err;
  p.print_to(out.get(), err.get());
  const int code = call(p, std::move(arguments));
  return {code, out.text(), err.text()};
}

/// A folder that is gone after the test, and the working directory meanwhile.
struct scratch_folder {
  scratch_folder() { fs::current_path(folder.path()); }
  ~scratch_folder() { fs::current_path(before); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& f : fs::directory_iterator{folder.path()})
      names.push_back(f.path().filename());
    return names;
  }
  support::temporary_folder folder;
  fs::path before = fs::current_path();
};

/// Programs of tests started in the background find signals ignored; these tests need them.
struct default_signals {
  default_signals() { std::signal(SIGINT, SIG_DFL), std::signal(SIGTERM, SIG_DFL); }
};

/// A program that counts and scores.
struct scoring_program : program {
  std::int64_t items = 1000;
  std::string model = "good";
  std::string trained;
  counting_sink alerts;

  scoring_program() : program("scoring", "Scores items.") {
    add("-n,--items N", items, "how many");
    graph([this] {
      if (model == "none")
        throw failure(external_error("no model", "train one"));
      leat::graph g{"scores"};
      g.from("items", counter{items})
          .window("pane", micro_batch{100, 5s})
          .score("risk", constant{})
          .to("alerts", alerts);
      return g;
    });
    add("--model FILE", model, "what scores");
    command("train", "trains a model", [this]() -> result<void> {
      if (trained == "badly")
        return user_error("no payments", "simulate some");
      if (trained == "broken")
        throw std::runtime_error("a bug");
      if (trained == "nowhere")
        throw failure(external_error("disk full"));
      return {};
    }).add("--out FILE", trained, "where the model goes");
  }
};

outcome scoring(std::vector<std::string> arguments) {
  scoring_program p;
  return outcome_of(p, std::move(arguments));
}

leat::graph counting_into(counter from, auto sink) {
  leat::graph g{"counting"};
  g.from("items", std::move(from)).to("out", std::move(sink));
  return g;
}

outcome run_counting(counter from, auto sink, std::vector<std::string> arguments = {}) {
  program p{"counting", "Counts."};
  p.graph([&] { return counting_into(from, sink); });
  arguments.insert(arguments.begin(), "run");
  return outcome_of(p, std::move(arguments));
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a program explains itself") {
  const outcome told = scoring({"--help"});
  CHECK(told.code == exit_done);
  CHECK(told.err.empty());
  CHECK(told.out ==
        "scoring: Scores items.\n"
        "\n"
        "Usage: scoring COMMAND [OPTIONS]\n"
        "\n"
        "Commands:\n"
        "  run       runs the graph until its input ends, or until it is stopped by Ctrl-C\n"
        "  describe  prints the graph: its stages and what travels between them\n"
        "  train     trains a model\n"
        "\n"
        "scoring COMMAND --help tells a command's options.\n");
  CHECK(scoring({"-h"}).out == told.out);
}

TEST_CASE("commands explain themselves: own options first, then running, then output") {
  const outcome told = scoring({"run", "--help"});
  CHECK(told.code == exit_done);
  std::size_t at = 0;
  for (const char* part :
       {"scoring run [OPTIONS]: runs the graph", "\nOptions:\n", "-n, --items N", "--model FILE",
        "\nRunning:\n", "--parallelism N", "--workers N", "--window STAGE=SPEC", "--rate R",
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
  const std::string help = scoring({"run", "--help"}).out;
  std::size_t specs = 0;
  for (const char* spec :
       {"record", "micro-batch:256,5ms", "every:1s", "every:1s,10000", "batch"}) {
    CHECK(has(help, fmt::format("\n  {} ", spec)));
    CHECK(any_grouping::parse(spec));
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
      {{}, "no command", "scoring --help lists the commands"},
      {{"ran"}, "\"ran\" is no command", "the command comes first: run, describe, train"},
      {{"--items", "5", "run"},
       "\"--items\" is no command",
       "the command comes first: run, describe, train"},
      {{"run", "--itms", "5"}, "unknown option \"--itms\"", "did you mean --items?"},
      {{"run", "--parallelism", "0"}, "--parallelism: 0 is not between 1 and 128", ""},
      {{"run", "--parallelism", "129"}, "--parallelism: 129 is not between 1 and 128", ""},
      {{"run", "--workers", "100000"}, "--workers: 100000 is not between 0 and 1024", ""},
      {{"run", "--frame-records", "0"}, "--frame-records: 0 is not between 1 and 1000000", ""},
      {{"run", "--rate", "fast"}, "--rate: \"fast\" is not a number", ""},
      {{"run", "--rate", "-1"}, "--rate: -1 is below zero", ""},
      {{"run", "--window", "pane"},
       "--window: \"pane\" is not STAGE=SPEC",
       "for example --window pane=micro-batch:256,5ms"},
      {{"run", "--window", "=record"},
       "--window: \"=record\" is not STAGE=SPEC",
       "for example --window pane=micro-batch:256,5ms"},
      {{"run", "--window", "pane=records"},
       "--window pane: \"records\" is no grouping",
       "one of: record | micro-batch:COUNT,DELAY (micro-batch:256,5ms) | every:DURATION (every:1s)"
       " | every:DURATION,MAX-COUNT | batch; durations in ns, us, ms, s, min, h"},
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
       "--slow-sink alerts: \"100\" is no duration",
       "a whole number and ns, us, ms, s, min or h: 100us"},
      {{"run", "--slow-sink", "alert=100us"},
       "there is no sink stage \"alert\"",
       "sink stages of this graph: alerts"},
      {{"run", "--dead-letter-cap", "much"},
       "--dead-letter-cap: \"much\" is no size",
       "a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB: 512MB"},
      {{"run", "--progress", "maybe"}, "--progress: \"maybe\" is not auto, on or off", ""},
      {{"run", "--model", "none"}, "no model", "train one"},
      {{"describe", "--format", "svg"}, "--format: \"svg\" is not text, mermaid, dot or json", ""},
      {{"describe", "--parallelism", "0"}, "--parallelism: 0 is not between 1 and 128", ""},
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

TEST_CASE("a graph is described") {
  CHECK(scoring({"describe"}).out == "graph scores\n"
                                     "  source   items: 1 subtask\n"
                                     "           -> pane (item forward)\n"
                                     "  window   pane: 1 subtask, micro-batch:100,5s\n"
                                     "           -> risk (item forward)\n"
                                     "  score    risk: 1 subtask\n"
                                     "           -> alerts (scored<item> forward)\n"
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

TEST_CASE("a fault while running is 2 and names the stage; before anything was read it is 1") {
  const outcome late = run_counting({1000}, failing_sink{});
  CHECK(late.code == exit_failed);
  CHECK(late.out.empty());
  CHECK(late.err == "counting: error: out: the disk is full\n  hint: make room\n");
  const outcome early = run_counting({1000}, failing_sink{true});
  CHECK(early.code == exit_refused);
  CHECK(early.err == "counting: error: out: no disk\n  hint: find one\n");
  const outcome folder = run_counting({1000}, csv_sink<item>{"/nowhere/at/all.csv"});
  CHECK(folder.code == exit_refused);
  CHECK(has(folder.err, "counting: error: out: cannot write \"/nowhere/at/all.csv\""));
}

TEST_CASE("a graph alone is a program too") {
  const scratch_folder folder;
  std::vector<std::string> arguments = {"./counting", "run", "--quiet"};
  std::vector<char*> argv;
  for (std::string& a : arguments)
    argv.push_back(a.data());
  argv.push_back(nullptr);
  CHECK(leat::run(counting_into({100}, csv_sink<item>{"out.csv"}), 3, argv.data()) == exit_done);
  CHECK(folder.files() == std::vector<std::string>{"out.csv"});
}

TEST_CASE("dead letters are kept, and the summary says where") {
  const scratch_folder folder;
  const counter with_letters{100, 50, [](output<item>& out) {
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

TEST_CASE("the first interrupt completes what was read") {
  const default_signals usual;
  const scratch_folder folder;
  const int signal = GENERATE(SIGINT, SIGTERM);
  const outcome told = run_counting({endless, 100'000, [&](output<item>&) { std::raise(signal); }},
                                    csv_sink<item>{"out.csv"});
  CHECK(told.code == exit_done);
  CHECK(told.err == "counting: stopping: finishing what was read (Ctrl-C again to stop at once)\n");
  CHECK(folder.files() == std::vector<std::string>{"out.csv"});

  std::ifstream in{"out.csv"};
  std::string line;
  std::getline(in, line);
  CHECK(line == "id");
  std::int64_t next = 0;
  bool whole = true;
  for (; std::getline(in, line); ++next)
    whole = whole && line == std::to_string(next);
  CHECK(whole);
  CHECK(next > 100'000);
  std::string records = fmt::format("{}", next);
  for (std::size_t at = records.size(); at > 3;)
    records.insert(at -= 3, " ");
  CHECK(told.out.starts_with("records       " + records + "\n"));
  CHECK(has(told.out, "\nout           out " + records + "\n"));
}

TEST_CASE("the second interrupt ends it at once, and no output appears") {
  const default_signals usual;
  const scratch_folder folder;
  const outcome told = run_counting({endless}, interrupting_sink{csv_sink<item>{"out.csv"}});
  CHECK(told.code == exit_stopped_at_once);
  CHECK(told.out.empty());
  CHECK(told.err == "counting: stopping: finishing what was read (Ctrl-C again to stop at once)\n"
                    "counting: error: stopped at once, as asked\n");
  CHECK(folder.files().empty());
}

TEST_CASE("a full dead letter file is told, and does not hinder the second interrupt") {
  const default_signals usual;
  const scratch_folder folder;
  const counter with_letters{endless, 50, [](output<item>& out) {
                               for (;;)
                                 out.reject("too strange", "items.csv:51", "?!");
                             }};
  std::thread user([] {
    std::this_thread::sleep_for(300ms);
    std::raise(SIGINT);
    std::this_thread::sleep_for(300ms);
    std::raise(SIGINT);
  });
  const outcome told =
      run_counting(with_letters, csv_sink<item>{"out.csv"}, {"--dead-letter-cap", "1kB"});
  user.join();
  CHECK(told.code == exit_stopped_at_once);
  CHECK(has(told.err,
            "counting: dead letters: \"counting-dead-letters/dead-letters.jsonl\" is full"));
  CHECK(folder.files() == std::vector<std::string>{"counting-dead-letters"});
}

namespace {

void write(const std::string& path, std::string_view text) { std::ofstream{path} << text; }

} // namespace

TEST_CASE("a run takes its options from a file too, and describe from the same one") {
  const scratch_folder folder;
  write("job.toml", "items = 50\nprogress = \"off\"\nmetrics-out = \"m.json\"\nparallelism = 2\n"
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
    write("job.toml", toml);
    const outcome told = scoring({"run", "--config", "job.toml"});
    CHECK(told.code == exit_refused);
    CHECK(told.err.substr(0, told.err.find('\n')) == "scoring: error: " + error);
  }
  CHECK(scoring({"run", "--config", "none.toml"}).code == exit_refused);
}

TEST_CASE("figures are written at the end, whatever it is") {
  const scratch_folder folder;
  const auto metrics = [] {
    std::ifstream file("m.json");
    return nlohmann::json::parse(file);
  };
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
  slowly.at_turn = [&](output<item>&) {
    while (!fs::exists("m.json"))
      std::this_thread::sleep_for(1ms);
    std::ifstream file("m.json");
    meanwhile = nlohmann::json::parse(file).at("state");
    std::raise(SIGINT);
  };
  const default_signals signals;
  const outcome told = run_counting(slowly, counting_sink{},
                                    {"--metrics-out", "m.json", "--metrics-every", "100ms"});
  CHECK(told.code == exit_done);
  CHECK(meanwhile == "running");
  std::ifstream file("m.json");
  CHECK(nlohmann::json::parse(file).at("state") == "stopped");
}

TEST_CASE("what is logged is a matter of level") {
  const scratch_folder folder;
  const auto told = [&](std::vector<std::string> more) {
    counter c{endless};
    c.turn = 10;
    c.at_turn = [](output<item>&) { std::raise(SIGINT); };
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
