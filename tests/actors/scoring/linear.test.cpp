#include <leat/scoring/linear.hpp>

#include "tiny_models.hpp"

#include <leat/scoring/readers/sha256.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>
#include <rapidcheck/catch.h>

#include <cmath>
#include <functional>
#include <limits>

using namespace leat::test;
using leat::linear_model;
using nlohmann::json;

namespace {

struct payment {
  std::int64_t id = 0;
  std::int32_t cents = 0;
  double distance = 0;
  static constexpr auto fields = leat::fields("payment", leat::field("id", &payment::id),
                                              leat::feature("cents", &payment::cents),
                                              leat::feature("distance", &payment::distance));
};
static_assert(leat::model_provider_on<leat::linear<payment>, payment>);

constexpr float missing = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

json document(const char* kind = "linear") {
  return {{"kind", kind},
          {"features", {"cents", "distance"}},
          {"coefficients", {2.0, -1.0}},
          {"intercept", 0.5}};
}

linear_model parsed_linear(const json& from) {
  return sound(linear_model::parse(from.dump(), "line.json"));
}

std::string refusal(const linear_model& model, const std::vector<float>& rows) {
  try {
    scores_of(model, rows);
  } catch (const leat::failure& e) {
    return e.error().what;
  }
  return {};
}

} // namespace

TEST_CASE("a linear model is an intercept and a weighted sum") {
  CHECK(scores_of(parsed_linear(document()), std::vector<float>{1, 0, 3, 4, -0.25f, 0}) ==
        std::vector{2.5f, 2.5f, 0.0f});
}

TEST_CASE("features are centred, then scaled") {
  auto d = document();
  d["means"] = {10, 1};
  d["scales"] = {2, 4};
  CHECK(scores_of(parsed_linear(d), std::vector<float>{14, 5}) == std::vector{0.5f + 2 * 2 - 1});
}

TEST_CASE("a logistic model gives probabilities, however large the sum") {
  const auto model = parsed_linear(document("logistic"));
  const auto scores = scores_of(model, std::vector<float>{-0.25f, 0, 1e30f, 0, -1e30f, 0, 0, 0});
  CHECK(scores[0] == 0.5f);
  CHECK(scores[1] == 1.0f);
  CHECK(scores[2] == 0.0f);
  CHECK(scores[3] == Approx(1 / (1 + std::exp(-0.5))));
}

TEST_CASE("rows score alone as among others, and as the formula says") {
  rc::prop("linear models", [] {
    const auto width = *rc::gen::inRange<std::size_t>(1, 12);
    const auto number = rc::gen::map(rc::gen::inRange(-4000, 4000), [](int n) { return n / 64.0; });
    const auto list = [&] { return *rc::gen::container<std::vector<double>>(width, number); };
    json d = {{"kind", *rc::gen::element("linear", "logistic")},
              {"coefficients", list()},
              {"intercept", *number},
              {"features", json::array()}};
    std::vector<double> means(width, 0), scales(width, 1);
    if (*rc::gen::arbitrary<bool>())
      d["means"] = means = list();
    if (*rc::gen::arbitrary<bool>()) {
      for (double& s : scales)
        s = *rc::gen::nonZero<std::int8_t>();
      d["scales"] = scales;
    }
    for (std::size_t f = 0; f < width; ++f)
      d["features"].push_back("f" + std::to_string(f));
    const auto model = parsed_linear(d);

    const auto count = *rc::gen::inRange<std::size_t>(0, 40);
    std::vector<float> rows;
    for (std::size_t i = 0; i < count * width; ++i)
      rows.push_back(static_cast<float>(*number));
    const auto all = scores_of(model, rows);
    RC_ASSERT(difference(all, scores_of(model, rows, 1)) == "");
    for (std::size_t r = 0; r < count; ++r) {
      long double sum = d["intercept"].get<double>();
      for (std::size_t f = 0; f < width; ++f)
        sum += d["coefficients"][f].get<double>() *
               ((static_cast<long double>(rows[r * width + f]) - means[f]) / scales[f]);
      const long double truth = d["kind"] == "linear" ? sum : 1 / (1 + std::exp(-sum));
      RC_ASSERT(std::fabs(static_cast<long double>(all[r]) - truth) <=
                1e-6L * std::max(1.0L, std::fabs(truth)));
    }
  });
}

TEST_CASE("a row without a score is refused, and the feature is named") {
  const auto model = parsed_linear(document());
  CHECK(refusal(model, {1, 1}).empty());
  CHECK(refusal(model, {1, 1, 1, missing}).find("'distance' is missing") != std::string::npos);
  CHECK(refusal(model, {infinity, infinity}).find("not a number") != std::string::npos);
  CHECK(scores_of(model, std::vector<float>{infinity, 0}) == std::vector{infinity});
  CHECK(refusal(model, {1}).find("not rows") != std::string::npos);
}

TEST_CASE("linear models score records by their feature fields") {
  const auto bytes = document().dump();
  const scoped_file file(".json", bytes);
  const auto model = leat::linear<payment>(file.path()).load();
  REQUIRE(model);
  const std::vector<payment> rows = {{7, 3, 0.5}};
  float score = 0;
  (*model)->predict(rows, {&score, 1});
  CHECK(score == 6.0f);
  CHECK((*model)->identity->sha256 == leat::sha256_hex(bytes));
  CHECK((*model)->identity->id == std::filesystem::path(file.path()).filename());
}

TEST_CASE("a linear model of other features is refused") {
  auto d = document();
  d["features"] = {"distance", "cents"};
  const scoped_file file(".json", d.dump());
  const auto loaded = leat::linear<payment>(file.path()).load();
  REQUIRE_FALSE(loaded);
  CHECK(mentions(loaded.error(), "reads 'distance' as feature 0, record 'payment' has 'cents'"));
  CHECK(mentions(loaded.error(), file.path()));
  CHECK(mentions(leat::linear<payment>("/nowhere/line.json").load().error(), "no such file"));
}

TEST_CASE("what is wrong with the file of a linear model is told") {
  const std::pair<const char*, std::function<void(json&)>> faults[] = {
      {"has no \"kind\"", [](json& d) { d.erase("kind"); }},
      {"has no \"features\"", [](json& d) { d.erase("features"); }},
      {"has no \"coefficients\"", [](json& d) { d.erase("coefficients"); }},
      {"has no \"intercept\"", [](json& d) { d.erase("intercept"); }},
      {"neither \"linear\" nor \"logistic\"", [](json& d) { d["kind"] = "poisson"; }},
      {"\"kind\" is not a text", [](json& d) { d["kind"] = 1; }},
      {"\"intercept\" is not a number", [](json& d) { d["intercept"] = "1"; }},
      {"coefficients[1] is not a number", [](json& d) { d["coefficients"][1] = nullptr; }},
      {"\"coefficients\" has 3 numbers for 2 features",
       [](json& d) { d["coefficients"].push_back(1); }},
      {"\"coefficients\" is not a list", [](json& d) { d["coefficients"] = 1; }},
      {"\"means\" has 1 numbers for 2", [](json& d) { d["means"] = {1}; }},
      {"\"scales\" has 0 numbers for 2", [](json& d) { d["scales"] = json::array(); }},
      {"scales[1] is 0",
       [](json& d) {
         d["scales"] = {1, 0};
       }},
      {"features[0] is not a name", [](json& d) { d["features"][0] = 1; }},
      {"\"features\" is not a list", [](json& d) { d["features"] = json::array(); }},
      {"unknown member \"mean\"",
       [](json& d) {
         d["mean"] = {1, 1};
       }},
      {"not a JSON object", [](json& d) { d = json::array(); }},
  };
  for (const auto& [because, spoil] : faults) {
    auto d = document();
    spoil(d);
    const auto refused = linear_model::parse(d.dump(), "line.json");
    INFO(d.dump());
    REQUIRE_FALSE(refused);
    CHECK(mentions(refused.error(), because));
    CHECK(mentions(refused.error(), "model 'line.json'"));
  }
  for (const char* bytes : {"", "{", "null x", R"({"intercept": 1e999})", "\xff"}) {
    const auto refused = linear_model::parse(bytes, "line.json");
    REQUIRE_FALSE(refused);
    CHECK(mentions(refused.error(), "it is not JSON"));
  }
}
