#include <leat/scoring/xgboost.hpp>

#include "tiny_models.hpp"

#include <leat/scoring/readers/sha256.hpp>
#include <leat/scoring/readers/xgboost_intercept.hpp>

#include <leat/connectors/memory/collect.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/xgboost_oracle.hpp"

#include <random>

using namespace leat::test;
using leat::xgboost_booster;

namespace {

struct reading {
  float a = 0, b = 0, c = 0;
  static constexpr auto fields =
      leat::fields("reading", leat::feature("a", &reading::a), leat::feature("b", &reading::b),
                   leat::feature("c", &reading::c));
};
using three = std::array<float, 3>;
static_assert(leat::model_provider_on<leat::xgboost<reading>, reading>);
static_assert(leat::model_provider_on<leat::xgboost<reading, three>, reading>);

constexpr std::size_t width = leat::feature_count<reading>;

std::vector<float> random_values(std::size_t rows, unsigned seed) {
  std::mt19937 random(seed);
  return random_rows(random, rows, width, 10);
}

std::vector<reading> readings(std::span<const float> values) {
  std::vector<reading> all;
  for (std::size_t i = 0; i < values.size(); i += width)
    all.push_back({values[i], values[i + 1], values[i + 2]});
  return all;
}

xgboost_oracle trained(const xgboost_oracle::parameters& chosen, int classes) {
  const auto values = random_values(1000, 1);
  return xgboost_oracle(values, labels_of(values, width, classes), chosen, 20);
}

const std::vector<std::pair<xgboost_oracle::parameters, int>>& kinds() {
  static const std::vector<std::pair<xgboost_oracle::parameters, int>> all = {
      {{{"objective", "binary:logistic"}}, 2},
      {{{"objective", "reg:squarederror"}, {"base_score", "0.3"}}, 0},
      {{{"objective", "multi:softprob"}, {"num_class", "3"}}, 3},
      {{{"objective", "count:poisson"}}, 2},
      {{{"objective", "multi:softmax"}, {"num_class", "3"}}, 3},
      {{{"objective", "rank:pairwise"}}, 2},
  };
  return all;
}

leat::error error_of(const std::string& path) {
  const auto refused = leat::xgboost<reading>(path).load();
  REQUIRE_FALSE(refused);
  CHECK(mentions(refused.error(), path));
  return refused.error();
}

} // namespace

TEST_CASE("panes of every size score bit for bit as the library does", "[xgboost]") {
  const auto values = random_values(3000, 2);
  for (const auto& [chosen, classes] : kinds())
    for (const char* format : {".json", ".ubj"}) {
      const auto library = trained(chosen, classes);
      const scoped_file file(format);
      library.save(file.path());
      const auto model = sound(xgboost_booster::load(file.path()));
      INFO(model.shape().kind << format);
      const auto truth = library.predict(values, width);
      for (const std::size_t pane : {1, 2, 63, 64, 65, 512, 3000})
        CHECK(difference(truth, scores_of(model, values, pane)) == "");
    }
}

TEST_CASE("threads share a booster", "[xgboost]") {
  const auto library = trained({{"objective", "binary:logistic"}}, 2);
  const scoped_file file(".ubj");
  library.save(file.path());
  const auto model = sound(xgboost_booster::load(file.path()));
  check_shared_by_threads(model, random_values(2000, 3));
}

TEST_CASE("records are scored by their feature fields, as floats or arrays of them", "[xgboost]") {
  const auto values = random_values(100, 4);
  const auto rows = readings(values);
  const auto library = trained({{"objective", "multi:softprob"}, {"num_class", "3"}}, 3);
  const scoped_file file(".json");
  library.save(file.path());
  const auto model = leat::xgboost<reading, three>(file.path()).load();
  REQUIRE(model);
  std::vector<three> scores(rows.size());
  (*model)->predict(rows, scores);
  (*model)->predict({}, {}); // no rows are fine
  CHECK(difference(library.predict(values, width), {scores[0].data(), 3 * scores.size()}) == "");
  CHECK((*model)->identity->id == std::filesystem::path(file.path()).filename());
  CHECK((*model)->identity->sha256 == leat::sha256_hex(*leat::read_model_file(file.path())));

  CHECK(mentions(error_of(file.path()), "gives 3 scores a record, the stage takes 1"));
}

TEST_CASE("a graph scores the same with every batching and by two subtasks", "[xgboost]") {
  const auto library = trained({{"objective", "binary:logistic"}}, 2);
  const scoped_file file(".json");
  library.save(file.path());
  const auto values = random_values(3000, 5);
  const auto known = library.predict(values, width);
  std::vector<float> truth(known.begin(), known.end());
  std::sort(truth.begin(), truth.end());
  for (const char* spec : {"record", "micro-batch:64,1ms", "micro-batch:1000,1ms", "batch"})
    for (const std::size_t subtasks : {1, 2}) {
      const auto kept = leat::collect<leat::scored<reading>>{};
      leat::graph g("scoring");
      g.from("in", support::given<reading>{readings(values)})
          .rebalance("spread", subtasks)
          .window("pane", *leat::any_batching::parse(spec))
          .score("risk", leat::xgboost<reading>(file.path()))
          .to("out", kept);
      leat::run_options options;
      options.workers = 2;
      REQUIRE(leat::run(std::move(g), options));
      std::vector<float> scores;
      for (const auto& r : kept.records())
        scores.push_back(r.score);
      std::sort(scores.begin(), scores.end());
      INFO(spec);
      CHECK(difference(truth, scores) == "");
    }
}

TEST_CASE("a model of another width or other names is refused", "[xgboost]") {
  auto library = trained({}, 0);
  const scoped_file file(".json");
  library.name_features({"a", "b", "c"});
  library.save(file.path());
  CHECK(leat::xgboost<reading>(file.path()).load());
  library.name_features({"a", "c", "b"});
  library.save(file.path());
  CHECK(mentions(error_of(file.path()), "reads 'c' as feature 1, record 'reading' has 'b' there"));

  const std::vector<float> values = {1, 2, 3, 4};
  const xgboost_oracle narrow(values, std::vector<float>{0, 1}, {}, 1);
  narrow.save(file.path());
  CHECK(mentions(error_of(file.path()), "reads 2 features, record 'reading' has 3: a, b, c"));
}

TEST_CASE("files that are missing, damaged or beyond the library are refused", "[xgboost]") {
  CHECK(mentions(error_of("/nowhere/risk.json"), "no such file"));
  const scoped_file empty(".json");
  CHECK(mentions(error_of(empty.path()), "neither JSON nor UBJ"));
  const scoped_file text(".json", "not a model");
  CHECK(mentions(error_of(text.path()), "neither JSON nor UBJ"));
  const scoped_file other(".json", "{\"a\": 1}");
  CHECK(mentions(error_of(other.path()), "it is not an XGBoost model"));

  const scoped_file file(".json");
  trained({{"booster", "gblinear"}}, 0).save(file.path());
  CHECK(mentions(error_of(file.path()), "its booster is 'gblinear'"));
  trained({{"booster", "dart"}}, 0).save(file.path());
  CHECK(mentions(error_of(file.path()), "its booster is 'dart'"));

  // What only the library knows to be wrong is told in its words.
  const scoped_file sound(".json");
  trained({}, 0).save(sound.path());
  const auto model = nlohmann::json::parse(*leat::read_model_file(sound.path()));
  auto unknown = model;
  unknown["learner"]["objective"]["name"] = "reg:wish";
  const auto refused = error_of(scoped_file(".json", unknown.dump()).path());
  CHECK(mentions(refused, "XGBoost refuses it: Unknown objective function: `reg:wish`"));
  CHECK_FALSE(mentions(refused, "Stack trace"));

  // With what it takes on trust it would read any memory, or walk for ever.
  auto strayed = model;
  strayed["learner"]["gradient_booster"]["model"]["trees"][3]["left_children"][0] = 9999;
  CHECK(mentions(error_of(scoped_file(".json", strayed.dump()).path()), "tree 3: node 0 has the"));
  auto circular = model;
  circular["learner"]["gradient_booster"]["model"]["trees"][3]["left_children"][1] = 1;
  circular["learner"]["gradient_booster"]["model"]["trees"][3]["right_children"][1] = 2;
  CHECK(mentions(error_of(scoped_file(".json", circular.dump()).path()), "tree 3: node 1 has a"));
  auto elsewhere = model;
  elsewhere["learner"]["gradient_booster"]["model"]["tree_info"][0] = 7;
  CHECK(mentions(error_of(scoped_file(".json", elsewhere.dump()).path()), "output 7 of 1"));
  for (const std::vector<int>& starts :
       {std::vector{-3, 1, 2}, {0, 9, 4}, {1}}) { // the library crashes
    auto misplaced = model;
    misplaced["learner"]["gradient_booster"]["model"]["iteration_indptr"] = starts;
    CHECK(mentions(error_of(scoped_file(".json", misplaced.dump()).path()), "iteration_indptr"));
  }
  // An older library would take a list for another number, whatever the file says its version is.
  auto listed = model;
  listed["learner"]["learner_model_param"]["base_score"] = "[5E-1]";
  leat::xgboost_version library{};
  XGBoostVersion(&library[0], &library[1], &library[2]);
  const scoped_file with_list(".json", listed.dump());
  if (library >= leat::first_with_intercept_lists)
    CHECK(xgboost_booster::load(with_list.path()));
  else
    CHECK(mentions(error_of(with_list.path()), "misreads its base_score"));

  // Some versions take 0.5 for a number of many digits, as a script may write it.
  auto long_winded = model;
  long_winded["learner"]["learner_model_param"]["base_score"] = "0.30000000000000004";
  const scoped_file with_digits(".json", long_winded.dump());
  const auto scores_by = [rows = random_values(100, 2)](const auto& m) {
    std::vector<float> scores(100);
    m.predict(rows, scores);
    return scores;
  };
  if (const auto read = xgboost_booster::load(with_digits.path()))
    CHECK(scores_by(*read) == scores_by(*leat::tree_ensemble::load(with_digits.path())));
  else
    CHECK(mentions(read.error(), "misreads its base_score, 0.3"));

  auto wide = model;
  wide["learner"]["learner_model_param"]["num_feature"] = "2147483647";
  CHECK(mentions(error_of(scoped_file(".json", wide.dump()).path()), "reads 2147483647 features"));
  auto misfathered = model;
  misfathered["learner"]["gradient_booster"]["model"]["trees"][3]["parents"][3] = 2147483647;
  CHECK(mentions(error_of(scoped_file(".json", misfathered.dump()).path()),
                 "tree 3: node 3 has the parent 2147483647 instead of"));
  auto untyped = model;
  untyped["learner"]["gradient_booster"]["model"]["trees"][3]["split_type"] =
      nlohmann::json::array();
  CHECK(mentions(error_of(scoped_file(".json", untyped.dump()).path()),
                 "tree 3: split_type has 0 entries"));

  for (const char* format : {".json", ".ubj"}) {
    const scoped_file whole(format);
    trained({}, 0).save(whole.path());
    const auto bytes = *leat::read_model_file(whole.path());
    for (std::size_t part = 0; part < 20; ++part) {
      const scoped_file cut(format, std::string_view(bytes).substr(0, bytes.size() * part / 20));
      error_of(cut.path());
    }
  }
}

TEST_CASE("rows that do not fit are refused", "[xgboost]") {
  const scoped_file file(".json");
  trained({}, 0).save(file.path());
  const auto model = sound(xgboost_booster::load(file.path()));
  std::vector<float> values(5), scores(2);
  CHECK_THROWS_AS(model.predict(values, scores), leat::failure);
}
