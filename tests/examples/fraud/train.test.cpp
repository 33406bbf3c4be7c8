#include "train.hpp"

#include "streams.hpp"

#include "support/catch.hpp"
#include "support/files.hpp"

#include <leat/features.hpp>
#include <leat/scoring/readers/tree_ensemble.hpp>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

using namespace fraud;
using namespace fraud::test;

namespace {

/// A trained model in a file that goes away with it.
struct trained {
  support::temporary_folder folder;
  std::string path = folder / "model";
  std::vector<features> rows;
  leat::result<training_report> report = leat::internal_error("not trained");

  trained() {
    rows = features_of(payments_of(simulate(30'000, 8, 3)));
    trainer t;
    for (const features& row : rows)
      t.add(row);
    report = t.finish(path);
  }

  /// One for all tests: training takes its time.
  static const trained& once() {
    static const trained t;
    return t;
  }
};

template <class Number>
Number parse(const std::optional<std::string>& text) {
  Number number{};
  REQUIRE(text);
  const auto end = text->data() + text->size();
  CHECK(std::from_chars(text->data(), end, number).ptr == end);
  return number;
}

std::string why_not(const trainer& t, const std::string& path) {
  const auto report = t.finish(path);
  REQUIRE_FALSE(report);
  return to_string(report.error());
}

} // namespace

TEST_CASE("a trained model says what it reads, when to raise alerts, and what it has not seen") {
  const trained& t = trained::once();
  REQUIRE(t.report);
  const auto& report = *t.report;

  CHECK(report.payments + report.chosen_on.payments + report.test.payments == 30'000);
  CHECK(report.frauds > 0);
  CHECK(report.chosen_on.precision() >= 0.75);
  CHECK(report.auc > 0.8);
  CHECK(report.auc < 1);
  const leat::event_time last_day = std::chrono::sys_days{std::chrono::year{2024} / 1 / 8};
  CHECK(report.test_from == last_day);
  CHECK(report.test_to == last_day + std::chrono::days{1});

  const auto model = leat::tree_ensemble::load(t.path);
  REQUIRE(model);
  CHECK(model->shape().accepts("features", leat::feature_names<features>(), 1));
  CHECK(parse<float>(model->attribute("threshold")) == report.threshold);
  CHECK(parse<std::int64_t>(model->attribute("test_from")) ==
        report.test_from.time_since_epoch().count());
  CHECK(parse<std::int64_t>(model->attribute("test_to")) ==
        report.test_to.time_since_epoch().count());
}

TEST_CASE("scoring the stream with the saved model gives the report's verdicts") {
  const trained& t = trained::once();
  REQUIRE(t.report);
  const auto model = leat::tree_ensemble::load(t.path);
  REQUIRE(model);
  evaluation found(t.report->test_from, t.report->test_to, t.report->threshold);
  for (const features& row : t.rows) {
    std::array<float, leat::feature_count<features>> inputs{};
    leat::copy_features(row, inputs.data());
    float score = 0;
    model->predict(inputs, {&score, 1});
    found.add(row, score);
  }
  CHECK(found.counts() == t.report->test);
}

TEST_CASE("equal rows give an equal model") {
  const trained another;
  REQUIRE(another.report);
  CHECK(support::content_of(another.path) == support::content_of(trained::once().path));
}

TEST_CASE("what cannot be trained on is refused with a hint") {
  const auto path = (std::filesystem::temp_directory_path() / "leat-fraud-none.json").string();
  trainer t;
  features row;
  row.time = leat::event_time{std::chrono::days{20'000}};
  CHECK(why_not(t, path).find("three days") != std::string::npos);
  for (int day = 0; day < 4; ++day) {
    t.add(row);
    row.time += std::chrono::days{1};
  }
  CHECK(why_not(t, path).find("needs frauds") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(path));

  row.fraud = true; // one fraud a day: enough to train on something
  for (int day = 0; day < 4; ++day) {
    row.time -= std::chrono::days{1};
    t.add(row);
  }
  CHECK(why_not(t, "/no/such/folder/model.json").find("/no/such/folder") != std::string::npos);
}
