// The native scorer against the XGBoost library: equal bits, or it is wrong.
#include "actors/scoring/tiny_models.hpp"

#include "support/catch.hpp"
#include "support/xgboost_oracle.hpp"

#include <cmath>
#include <limits>
#include <random>

using namespace leat::test;
using leat::tree_ensemble;

namespace {

constexpr std::size_t features = 9;
constexpr std::size_t pane = 512;

/// Scores by the library, a pane a call.
std::vector<float> truth_of(const xgboost_oracle& library, std::span<const float> rows) {
  std::vector<float> truth;
  for (std::size_t first = 0; first < rows.size(); first += pane * features) {
    const auto part = rows.subspan(first, std::min(pane * features, rows.size() - first));
    const auto scores = library.predict(part, features);
    truth.insert(truth.end(), scores.begin(), scores.end());
  }
  return truth;
}

void compare(const xgboost_oracle& library, const std::string& path, std::span<const float> rows) {
  const auto truth = truth_of(library, rows);
  for (const auto* walker : all_walkers()) {
    const auto model = sound(tree_ensemble::load(path, walker));
    for (const std::size_t size : {1, 7, 512}) {
      INFO((walker ? "vectors" : "plain") << ", blocks of " << size);
      CHECK(difference(truth, scores_of(model, rows, size)) == "");
    }
  }
}

/// Saves both formats, and compares both on `count` rows.
void compare_saved(const xgboost_oracle& library, std::mt19937& random, std::size_t count,
                   unsigned missing_of_100) {
  const auto rows = random_rows(random, count, features, missing_of_100);
  for (const char* format : {".json", ".ubj"}) {
    const scoped_file file(format);
    library.save(file.path());
    INFO(format);
    compare(library, file.path(), rows);
  }
}

struct trained {
  const char* name;
  int classes;
  xgboost_oracle::parameters parameters;
};

const std::vector<trained>& variants() {
  static const std::vector<trained> all = {
      {"regression", 0, {{"objective", "reg:squarederror"}, {"base_score", "-3.7"}}},
      {"logistic", 2, {{"objective", "binary:logistic"}, {"base_score", "0.137"}}},
      {"logistic, hist", 2, {{"objective", "binary:logistic"}, {"tree_method", "hist"}}},
      {"classes", 5, {{"objective", "multi:softprob"}, {"num_class", "5"}, {"max_depth", "4"}}},
      {"by loss, unbalanced",
       0,
       {{"objective", "reg:squarederror"},
        {"tree_method", "hist"},
        {"grow_policy", "lossguide"},
        {"max_depth", "0"},
        {"max_leaves", "60"},
        {"min_child_weight", "0"}}},
      {"pruned, so with deleted nodes",
       2,
       {{"objective", "binary:logistic"},
        {"tree_method", "exact"},
        {"gamma", "3"},
        {"max_depth", "9"}}},
      {"boosted forest",
       3,
       {{"objective", "multi:softprob"},
        {"num_class", "3"},
        {"num_parallel_tree", "4"},
        {"subsample", "0.7"},
        {"base_score", "0.9"}}},
  };
  return all;
}

} // namespace

TEST_CASE("trained models score bit for bit as in XGBoost") {
  for (const auto& v : variants())
    for (const unsigned missing_of_100 : {0u, 10u, 80u}) {
      INFO(v.name << ", " << missing_of_100 << " of 100 values missing");
      std::mt19937 random(missing_of_100 + 1);
      const auto rows = random_rows(random, 2000, features, missing_of_100);
      const xgboost_oracle library(rows, labels_of(rows, features, v.classes), v.parameters, 23);
      compare_saved(library, random, 6000, missing_of_100);
    }
}

TEST_CASE("a single row scores in XGBoost as in a pane, and so here") {
  std::mt19937 random(3);
  const auto rows = random_rows(random, 2000, features, 20);
  const xgboost_oracle library(rows, labels_of(rows, features, 2),
                               {{"objective", "binary:logistic"}}, 20);
  const scoped_file file(".ubj");
  library.save(file.path());
  const auto model = tree_ensemble::load(file.path());
  REQUIRE(model);
  for (std::size_t r = 0; r < 2000; ++r) {
    const auto row = std::span<const float>(rows).subspan(r * features, features);
    float score = 0;
    model->predict(row, {&score, 1});
    REQUIRE(difference(library.predict(row, features), {&score, 1}) == "");
  }
}

TEST_CASE("names and attributes are those that XGBoost stored") {
  std::mt19937 random(4);
  const auto rows = random_rows(random, 200, features, 0);
  xgboost_oracle library(rows, labels_of(rows, features, 0), {}, 2);
  library.set_attribute("best_iteration", "1");
  library.name_features({"a", "b", "c", "d", "e", "f", "g", "h", "i"});
  for (const char* format : {".json", ".ubj"}) {
    const scoped_file file(format);
    library.save(file.path());
    const auto model = tree_ensemble::load(file.path());
    REQUIRE(model);
    CHECK(model->attribute("best_iteration") == "1");
    CHECK(model->shape().feature_names.size() == features);
    CHECK(model->shape().feature_names.back() == "i");
    CHECK(model->shape().kind == "reg:squarederror");
  }
}

TEST_CASE("what XGBoost trains and Leat does not support is refused by name") {
  std::mt19937 random(5);
  const auto rows = random_rows(random, 200, features, 0);
  const std::pair<xgboost_oracle::parameters, const char*> kinds[] = {
      {{{"booster", "gblinear"}}, "booster is 'gblinear'"},
      {{{"objective", "reg:pseudohubererror"}}, "objective is 'reg:pseudohubererror'"},
      {{{"objective", "multi:softmax"}, {"num_class", "3"}}, "objective is 'multi:softmax'"},
  };
  for (const auto& [parameters, because] : kinds)
    for (const char* format : {".json", ".ubj"}) {
      const xgboost_oracle library(rows, labels_of(rows, features, 3), parameters, 2);
      const scoped_file file(format);
      library.save(file.path());
      const auto refused = tree_ensemble::load(file.path());
      REQUIRE_FALSE(refused);
      CHECK(mentions(refused.error(), because));
      CHECK(mentions(refused.error(), file.path()));
    }
}

TEST_CASE("values on the edges of floats score as in XGBoost") {
  // Thresholds, leaves and features from one small set, so that they meet often.
  using limits = std::numeric_limits<float>;
  const std::vector<float> values = {0.0f,
                                     -0.0f,
                                     1.0f,
                                     std::nextafter(1.0f, 2.0f),
                                     -1.0f,
                                     0.1f,
                                     limits::denorm_min(),
                                     -limits::denorm_min(),
                                     limits::min(),
                                     -limits::min(),
                                     limits::max(),
                                     limits::lowest()};
  std::mt19937 random(6);
  const auto value = [&] { return values[random() % values.size()]; };

  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<tiny_node>> trees(1 + random() % 40);
    for (auto& tree : trees) {
      tree = {leaf(value())};
      for (std::size_t i = 0; i < tree.size() && tree.size() < 40; ++i) {
        if (random() % 5 == 0)
          continue;
        tree[i] = {static_cast<int>(tree.size()), static_cast<int>(random() % features), value(),
                   random() % 2 == 0};
        tree.push_back(leaf(value()));
        tree.push_back(leaf(value()));
      }
    }
    auto document = tiny_model(round % 2 == 0 ? "reg:squarederror" : "binary:logistic",
                               static_cast<int>(features), "5E-1", trees);
    auto& learner = document["learner"];
    learner["feature_types"] = nlohmann::json::array();
    learner["objective"]["reg_loss_param"] = {{"scale_pos_weight", "1"}};
    for (auto& tree : learner["gradient_booster"]["model"]["trees"]) { // what XGBoost also wants
      const auto nodes = tree["left_children"].size();
      tree["parents"] = std::vector<int>(nodes, 0);
      for (const char* name : {"loss_changes", "sum_hessian", "base_weights"})
        tree[name] = std::vector<float>(nodes, 0.5f);
      for (const char* name :
           {"categories", "categories_nodes", "categories_segments", "categories_sizes"})
        tree[name] = nlohmann::json::array();
      for (auto& condition : tree["split_conditions"]) // XGBoost reads 1.0, not 1
        condition = condition.get<double>();
    }
    const scoped_file file(".json", document.dump());
    const xgboost_oracle library(file.path());

    std::vector<float> rows(1000 * features);
    for (float& x : rows) {
      const auto pick = random() % (values.size() + 3);
      x = pick < values.size()        ? values[pick]
          : pick == values.size()     ? limits::infinity()
          : pick == values.size() + 1 ? -limits::infinity()
                                      : limits::quiet_NaN();
    }
    compare(library, file.path(), rows);
  }
}
