// The two ways to score an XGBoost model, natively and by the library: equal bits on many rows.
#include <leat/scoring/tree_ensemble.hpp>
#include <leat/scoring/xgboost.hpp>

#include "tiny_models.hpp"

#include "support/catch.hpp"
#include "support/xgboost_oracle.hpp"

#include <bit>
#include <cmath>
#include <random>

using namespace leat::test;

namespace {

constexpr std::size_t features = 8;
constexpr std::size_t scored = 100'000;
constexpr std::size_t pane = 1000;

/// Normally distributed; each row has its own share of missing values, none to all.
std::vector<float> random_rows(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value;
  std::vector<float> rows(count * features);
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t f = 0, missing_of_8 = random() % 9; f < features; ++f)
      rows[r * features + f] = random() % 8 < missing_of_8 ? NAN : value(random);
  return rows;
}

/// A class of `classes`, or a number; it depends on all features.
std::vector<float> labels_of(const std::vector<float>& rows, int classes) {
  std::vector<float> labels(rows.size() / features);
  for (std::size_t r = 0; r < labels.size(); ++r) {
    float sum = 0;
    for (std::size_t f = 0; f < features; ++f)
      if (const float x = rows[r * features + f]; !std::isnan(x))
        sum += std::sin(x * static_cast<float>(f + 1));
    labels[r] =
        classes == 0 ? sum : static_cast<float>(static_cast<int>(std::fabs(sum) * 2) % classes);
  }
  return labels;
}

void check_agreement(const xgboost_oracle::parameters& chosen, int classes) {
  const auto known = random_rows(5000, 1);
  const xgboost_oracle library(known, labels_of(known, classes), chosen, 50);
  const scoped_file file(".ubj");
  library.save(file.path());
  const auto native = leat::tree_ensemble::load(file.path());
  const auto booster = leat::xgboost_booster::load(file.path());
  REQUIRE(native);
  REQUIRE(booster);
  const std::size_t outputs = native->shape().outputs;
  REQUIRE(booster->shape().outputs == outputs);
  CHECK(native->identity() == booster->identity());

  const auto rows = random_rows(scored, 2);
  std::vector<float> ours(pane * outputs), theirs(pane * outputs);
  std::size_t different = 0;
  for (std::size_t first = 0; first < scored; first += pane) {
    const auto part = std::span(rows).subspan(first * features, pane * features);
    native->predict(part, ours);
    booster->predict(part, theirs);
    for (std::size_t i = 0; i < ours.size(); ++i)
      different += std::bit_cast<std::uint32_t>(ours[i]) != std::bit_cast<std::uint32_t>(theirs[i]);
  }
  CHECK(different == 0);
}

} // namespace

TEST_CASE("natively and by the library, probabilities agree", "[xgboost]") {
  check_agreement({{"objective", "binary:logistic"}, {"base_score", "0.2"}}, 2);
}

TEST_CASE("natively and by the library, regressions agree", "[xgboost]") {
  check_agreement({{"objective", "reg:squarederror"}, {"tree_method", "hist"}}, 0);
}

TEST_CASE("natively and by the library, classes agree", "[xgboost]") {
  check_agreement({{"objective", "multi:softprob"}, {"num_class", "4"}}, 4);
}

TEST_CASE("models of later versions score by this library as they did there, or are refused",
          "[xgboost]") {
  for (const char* name : {"xgboost-2.1.4-logistic.json", "xgboost-3.0.5-regression.ubj",
                           "xgboost-3.2.0-classes.json"}) {
    INFO(name);
    const auto booster = leat::xgboost_booster::load(test_data(name));
    if (!booster) { // by libraries before 3.1, which would misread it
      CHECK(std::string_view(name).find("3.2.0") != std::string_view::npos);
      CHECK(mentions(booster.error(), "XGBoost 3.2.0 wrote it"));
      continue;
    }
    const auto known = scored_rows(name, booster->shape().features);
    std::vector<float> scores(known.scores.size());
    booster->predict(known.values, scores);
    REQUIRE(scores.size() == 40 * booster->shape().outputs);
    for (std::size_t i = 0; i < scores.size(); ++i)
      CHECK(std::bit_cast<std::uint32_t>(scores[i]) ==
            std::bit_cast<std::uint32_t>(known.scores[i]));
  }
}
