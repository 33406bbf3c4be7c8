// edge: finds anomalies in streams of sensors. `edge --help` lists the commands.
#include "edge/evaluation.hpp"
#include "edge/generate.hpp"
#include "edge/graph.hpp"

#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/json_lines/sink.hpp>
#include <leat/connectors/memory/collect.hpp>
#include <leat/quantities.hpp>
#include <leat/run.hpp>

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>

namespace {

using leat::result;
using verdicts_by_folder = std::map<std::string, edge::verdicts>;

/// Takes "FOLDER/data/" off the sensors' names: what is left is what labels call them.
std::vector<edge::alert> named_as_labels(std::vector<edge::alert> alerts, std::size_t prefix) {
  for (edge::alert& a : alerts)
    a.sensor.erase(0, prefix);
  return alerts;
}

std::string row(const std::string& detector, const std::string& folder, const edge::verdicts& v) {
  return fmt::format("{:<10} {:<18} {:>10.3f} {:>8.3f} {:>12} {:>12} {:>9.1f} h {:>8}\n", detector,
                     folder, v.precision(), v.recall(), fmt::format("{}/{}", v.right, v.alerts),
                     fmt::format("{}/{}", v.found, v.anomalies),
                     std::chrono::duration<double, std::ratio<3600>>(v.mean_delay()).count(),
                     leat::percent(v.mean_part()));
}

std::string table(const std::string& detector, const verdicts_by_folder& folders) {
  std::string text;
  edge::verdicts all;
  for (const auto& [folder, v] : folders) {
    text += row(detector, folder, v);
    all += v;
  }
  return folders.size() > 1 ? text + row(detector, "all", all) : text;
}

result<void> evaluate(std::string folder, const std::string& window) {
  if (const char* const named = std::getenv("LEAT_NAB"); folder.empty() && named)
    folder = named;
  if (folder.empty())
    return leat::user_error("--nab is missing",
                            "--nab DIR, or the environment variable LEAT_NAB, is the folder of a "
                            "benchmark; `edge generate` writes one");
  const auto pane = leat::any_batching::parse(window);
  if (!pane)
    return leat::user_error("--window: " + pane.error().what, pane.error().hint);
  const auto known = edge::read_labels(
      (std::filesystem::path(folder) / "labels" / "combined_windows.json").string());
  if (!known)
    return known.error();

  const std::string data = (std::filesystem::path(folder) / "data" / "").string();
  const leat::input_files files(data + "*/*.csv");
  const leat::collect<edge::alert> residual, plain;
  const auto ran = leat::run(edge::comparison_graph(
      leat::csv_source<edge::reading>(files, {.path_field = "sensor"}), *pane, residual, plain));
  if (!ran)
    return ran.error();

  std::vector<std::string> streams;
  for (const std::string& path : files.paths())
    streams.push_back(path.substr(data.size()));
  const auto ours = judge(streams, named_as_labels(residual.records(), data.size()), *known);
  if (!ours)
    return ours.error();
  const auto theirs = judge(streams, named_as_labels(plain.records(), data.size()), *known);
  if (!theirs)
    return theirs.error();
  fmt::print("{} readings of {} sensors, {:.2f} s\n\n", leat::grouped(ran->records()),
             streams.size(), std::chrono::duration<double>(ran->elapsed).count());
  fmt::print("{:<10} {:<18} {:>10} {:>8} {:>12} {:>12} {:>11} {:>8}\n", "detector", "folder",
             "precision", "recall", "right alerts", "found", "mean delay", "of it");
  fmt::print("{}{}", table("residual", *ours), table("z-score", *theirs));
  return {};
}

} // namespace

int main(int argc, char** argv) {
  leat::program program("edge", "Finds anomalies in streams of sensors and raises alerts.");

  std::string input, alerts = "alerts.jsonl";
  bool column = false;
  double threshold = edge::farthest_residual::threshold;
  program.add("--input FILES", input, "readings as CSV with timestamp and value: a file or a glob")
      .required();
  program.add("--sensor-column", column,
              "read the sensor's name from the column sensor (default: each file is a sensor)");
  program.add("--threshold X", threshold,
              "deviation that raises an alert, as a multiple of the largest recent one");
  program.add("--alerts FILE", alerts, "file for alerts, as JSON Lines");
  program.graph([&] {
    const leat::csv_options options{.path_field = column ? "" : "sensor"};
    return edge::alert_graph(leat::csv_source<edge::reading>(input, options),
                             leat::record_at_a_time{}, static_cast<float>(threshold),
                             leat::json_lines_sink<edge::alert>(alerts));
  });

  edge::generate_options made;
  auto& generate = program.command("generate", "write synthetic sensors, with labels",
                                   [&] { return edge::generate(made); });
  generate.add("--out DIR", made.folder, "folder for data and labels").required();
  generate.add("--sensors N", made.sensors, "number of sensors");
  generate.add("--readings N", made.readings, "readings of each sensor, one every five minutes");
  generate.add("--seed S", made.seed, "equal seeds give equal files");

  std::string benchmark, window = "record";
  auto& evaluation =
      program.command("evaluate", "compare alerts, and those of a plain z-score, with labels",
                      [&] { return evaluate(benchmark, window); });
  evaluation.add("--nab DIR", benchmark,
                 "folder in the layout of the Numenta Anomaly Benchmark: data/*/*.csv and "
                 "labels/combined_windows.json (default: the environment variable LEAT_NAB)");
  evaluation.add("--window SPEC", window, "batching, as for run");

  return program.main(argc, argv);
}
