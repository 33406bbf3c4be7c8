#include "edge/graph.hpp"

#include "edge/evaluation.hpp"
#include "edge/generate.hpp"

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/letters.hpp"

#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/memory/collect.hpp>
#include <leat/job.hpp>

#include <cstdlib>

using namespace edge;

namespace {

struct outcome {
  std::vector<alert> residual, plain;
  friend bool operator==(const outcome&, const outcome&) = default;
};

std::vector<alert> sorted(std::vector<alert> alerts) {
  std::ranges::sort(alerts, {}, [](const alert& a) { return std::tie(a.sensor, a.timestamp); });
  return alerts;
}

outcome run(const std::string& data, leat::any_batching pane, leat::run_options options = {}) {
  const leat::collect<alert> residual, plain;
  const auto done = leat::run(
      comparison_graph(leat::csv_source<reading>(data + "*/*.csv", {.path_field = "sensor"}), pane,
                       residual, plain),
      std::move(options));
  if (!done)
    throw leat::failure(done.error());
  return {sorted(residual.records()), sorted(plain.records())};
}

verdicts judged(const std::string& data, std::vector<alert> alerts, const labels& known) {
  for (alert& a : alerts)
    a.sensor.erase(0, data.size());
  const leat::input_files files(data + "*/*.csv");
  std::vector<std::string> streams;
  for (const std::string& path : files.paths())
    streams.push_back(path.substr(data.size()));
  verdicts all;
  const auto by_folder = judge(streams, std::move(alerts), known);
  REQUIRE(by_folder);
  for (const auto& [folder, v] : *by_folder)
    all += v;
  return all;
}

outcome same_in_all_modes(const std::string& data) {
  const outcome first = run(data, leat::record_at_a_time{});
  CHECK(run(data, leat::micro_batch{64, std::chrono::milliseconds{5}}) == first);
  CHECK(run(data, leat::batch{}) == first);
  leat::run_options parallel;
  parallel.parallelism = 3;
  parallel.frames.records = 7;
  CHECK(run(data, leat::micro_batch{}, parallel) == first);
  return first;
}

} // namespace

TEST_CASE("made-up anomalies are found, the same ones in all modes") {
  const support::temporary_folder folder;
  REQUIRE(generate({folder.path(), 8, 2000, 3}));
  const std::string data = folder / "data/";
  const auto known = read_labels(folder / "labels/combined_windows.json");
  REQUIRE(known);
  const outcome found = same_in_all_modes(data);
  const verdicts ours = judged(data, found.residual, *known);
  const verdicts plain = judged(data, found.plain, *known);
  CHECK(ours.anomalies == 16);
  CHECK(ours.recall() >= 0.5);
  CHECK(ours.precision() >= 0.4);
  CHECK(ours.recall() > plain.recall());
}

TEST_CASE("on the Numenta Anomaly Benchmark alerts are better than a plain z-score's") {
  const char* const folder = std::getenv("LEAT_NAB");
  if (!folder) {
    WARN("SKIPPED: the environment variable LEAT_NAB does not name the benchmark's folder");
    return;
  }
  const std::string data = std::string{folder} + "/data/";
  const auto known = read_labels(std::string{folder} + "/labels/combined_windows.json");
  REQUIRE(known);
  const outcome found = same_in_all_modes(data);
  const verdicts ours = judged(data, found.residual, *known);
  const verdicts plain = judged(data, found.plain, *known);
  CHECK(ours.precision() > plain.precision());
  CHECK(ours.recall() > plain.recall());
}

TEST_CASE("an episode raises one alert, and a value that is no number is a dead letter") {
  const support::temporary_folder folder;
  std::string text = "sensor,value,timestamp\n";
  for (int i = 0; i < 600; ++i) {
    const bool high = i >= 300 && i < 310; // rises on and on, so each is farther off than the last
    const double value = high ? 100 * (i - 299) * (i - 299) : i % 2;
    text += "s," + (i == 250 ? "nan" : std::to_string(value)) + ",2024-01-0" +
            std::to_string(1 + i / 100) + "T00:" + std::to_string(10 + i % 50) + ":00Z\n";
  }
  support::kept_letters dead_letters;
  leat::run_options options;
  options.dead_letters = &dead_letters;
  const leat::collect<alert> alerts;
  REQUIRE(leat::run(alert_graph(leat::csv_source<reading>(folder.write("a.csv", text)),
                                leat::record_at_a_time{}, 1.25F, alerts),
                    options));
  REQUIRE(alerts.records().size() == 1);
  CHECK(alerts.records().front().value == 100);
  CHECK(alerts.records().front().sensor == "s");
  CHECK(dead_letters.letters.size() == 1);
}

TEST_CASE("equal seeds make equal files, and impossible requests are refused") {
  const support::temporary_folder a, b;
  REQUIRE(generate({a.path(), 2, 1000, 5}));
  REQUIRE(generate({b.path(), 2, 1000, 5}));
  for (const char* file :
       {"data/made/sensor-1.csv", "data/made/sensor-2.csv", "labels/combined_windows.json"}) {
    CHECK(support::content_of(a / file) == support::content_of(b / file));
    CHECK(!support::content_of(a / file).empty());
  }
  CHECK(!generate({a.path(), 0, 1000, 5}));
  CHECK(!generate({a.path(), 1, 999, 5}));
  CHECK(!generate({a.write("file", "x"), 1, 1000, 5}));
}
