// The two ways to score an XGBoost model, natively and by the library: equal bits on many rows.
#include <leat/scoring/readers/tree_ensemble.hpp>
#include <leat/scoring/xgboost.hpp>

#include "tiny_models.hpp"

#include "support/catch.hpp"
#include "support/xgboost_oracle.hpp"

using namespace leat::test;

namespace {

constexpr std::size_t features = 8;
constexpr std::size_t pane = 1000;

void check_agreement(const xgboost_oracle::parameters& chosen, int classes) {
  std::mt19937 random(1);
  const auto known = random_rows(random, 5000, features, 50);
  const xgboost_oracle library(known, labels_of(known, features, classes), chosen, 50);
  const scoped_file file(".ubj");
  library.save(file.path());
  const auto native = sound(leat::tree_ensemble::load(file.path()));
  const auto booster = sound(leat::xgboost_booster::load(file.path()));
  REQUIRE(booster.shape().outputs == native.shape().outputs);
  CHECK(native.identity() == booster.identity());

  for (const unsigned missing_of_100 : {0, 30, 60, 90}) {
    INFO(missing_of_100 << " of 100 values missing");
    const auto rows = random_rows(random, 25'000, features, missing_of_100);
    CHECK(difference(scores_of(booster, rows, pane), scores_of(native, rows, pane)) == "");
  }
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
    const auto scores = scores_of(*booster, known.values);
    REQUIRE(scores.size() == 40 * booster->shape().outputs);
    CHECK(difference(known.scores, scores) == "");
  }
}

TEST_CASE("the library scores base scores as where they were trained, or the model is refused",
          "[xgboost]") {
  std::size_t scored = 0;
  for (const char* version : xgboost_case_versions)
    for (const auto& c : xgboost_cases(version)) {
      INFO(version << ": " << c.name);
      const scoped_file file(".json", c.model);
      const auto booster = leat::xgboost_booster::load(file.path());
      if (booster) {
        CHECK(difference(scores_of(*booster, c.known.values), c.known.scores) == "");
        ++scored;
        continue;
      }
      const auto& e = booster.error();
      CHECK((mentions(e, "its booster is 'dart'") || mentions(e, "wrote it, and this library, ") ||
             mentions(e, "XGBoost refuses it"))); // with its reason
      CHECK((mentions(e, "score it with leat::trees") || mentions(e, "XGBoost refuses it")));
    }
  CHECK(scored >= 25);
}
