#include "actors/scoring/tiny_models.hpp"

#include <leat/scoring/readers/sha256.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>
#include <rapidcheck/catch.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>

using namespace leat::test;
using leat::tree_ensemble;
using nlohmann::json;

namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

json regression(const std::vector<std::vector<tiny_node>>& trees, const std::string& base = "0") {
  return tiny_model("reg:squarederror", 2, base, trees);
}

/// A random tree: every node of the queue becomes a split or a leaf until `nodes` are used.
std::vector<tiny_node> random_tree(std::mt19937& random, int features, int nodes) {
  std::uniform_real_distribution<float> value(-1, 1);
  std::vector<tiny_node> tree{leaf(value(random))};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const bool room = static_cast<int>(tree.size()) + 2 <= nodes;
    if (!room || (i > 0 && random() % 4 == 0))
      continue;
    const int feature = static_cast<int>(random()) & 0x7fffffff;
    tree[i] = {static_cast<int>(tree.size()), feature % features, value(random), random() % 2 == 0};
    tree.push_back(leaf(value(random)));
    tree.push_back(leaf(value(random)));
  }
  return tree;
}

/// What the trees of a document say about one row, read node by node as a person would.
float sum_by_hand(const json& document, const float* row, float sum, int output) {
  const auto& model = document["learner"]["gradient_booster"]["model"];
  for (std::size_t t = 0; t < model["trees"].size(); ++t) {
    if (model["tree_info"][t] != output)
      continue;
    const auto& tree = model["trees"][t];
    std::size_t at = 0;
    while (tree["left_children"][at] != -1) {
      const float x = row[tree["split_indices"][at].get<int>()];
      const bool left = std::isnan(x) ? tree["default_left"][at] == 1
                                      : x < tree["split_conditions"][at].get<float>();
      at = tree[left ? "left_children" : "right_children"][at].get<std::size_t>();
    }
    sum += tree["split_conditions"][at].get<float>();
  }
  return sum;
}

} // namespace

TEST_CASE("a stump goes left below its threshold, right from it on") {
  const auto model = parsed(regression({stump(0.5f, -1, 2)}, "1E1"));
  CHECK(predict(model, {0.4f, 0}) == std::vector{9.0f});
  CHECK(predict(model, {0.5f, 0}) == std::vector{12.0f});
  CHECK(predict(model, {infinity, 0}) == std::vector{12.0f});
  CHECK(predict(model, {-infinity, 0}) == std::vector{9.0f});
}

TEST_CASE("a missing feature takes its default side") {
  CHECK(predict(parsed(regression({stump(0, 1, 2, true)})), {missing, 0}) == std::vector{1.0f});
  CHECK(predict(parsed(regression({stump(0, 1, 2, false)})), {missing, 0}) == std::vector{2.0f});
}

TEST_CASE("zeros of both signs are equal, the smallest numbers are not zero") {
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (const bool default_left : {true, false}) {
    const auto model = parsed(regression({stump(0, 1, 2, default_left)}));
    CHECK(predict(model, {-tiny, 0, -0.0f, 0, 0.0f, 0, tiny, 0}) ==
          std::vector{1.f, 2.f, 2.f, 2.f});
  }
}

TEST_CASE("thresholds may be the largest floats") {
  const float max = std::numeric_limits<float>::max();
  for (const bool default_left : {true, false}) {
    const auto high = parsed(regression({stump(max, 1, 2, default_left)}));
    CHECK(predict(high, {1e38f, 0, max, 0, infinity, 0}) == std::vector{1.f, 2.f, 2.f});
    const auto low = parsed(regression({stump(-max, 1, 2, default_left)}));
    CHECK(predict(low, {-infinity, 0, -max, 0, 0, 0}) == std::vector{1.f, 2.f, 2.f});
  }
}

TEST_CASE("leaves are added in the order of the trees' ids, as floats") {
  auto document = regression({{leaf(1)}, {leaf(1e8f)}, {leaf(-1e8f)}});
  CHECK(predict(parsed(document), {0, 0}) == std::vector{0.0f}); // 1 is lost in 1e8
  auto& trees = document["learner"]["gradient_booster"]["model"]["trees"];
  trees[0]["id"] = 2;
  trees[2]["id"] = 0;
  CHECK(predict(parsed(document), {0, 0}) == std::vector{1.0f}); // -1e8 + 1e8 + 1
}

TEST_CASE("a sum of negative zeros keeps its sign") {
  const auto model = parsed(regression({{leaf(-0.0f)}}, "-0E0"));
  CHECK(std::signbit(predict(model, {0, 0})[0]));
}

TEST_CASE("a deep chain beside a single leaf") {
  std::vector<tiny_node> chain; // the right child of a split is the next split
  for (int level = 0; level < 300; ++level) {
    chain.push_back({2 * level + 1, 0, static_cast<float>(level), true});
    chain.push_back(leaf(static_cast<float>(level)));
  }
  chain.push_back(leaf(1000));
  const auto model = parsed(regression({chain, {leaf(0.5f)}}));
  CHECK(predict(model, {-1, 0, 7.5f, 0, 1e6f, 0}) == std::vector{0.5f, 8.5f, 1000.5f});
}

TEST_CASE("binary:logistic starts from the log-odds of base_score and ends in a probability") {
  const auto half = parsed(tiny_model("binary:logistic", 1, "5E-1", {stump(0, 0, 2)}));
  CHECK(predict(half, {-1})[0] == 0.5f);
  CHECK(predict(half, {1})[0] == Approx(1 / (1 + std::exp(-2.0))).epsilon(1e-6));
  const auto fifth = parsed(tiny_model("binary:logistic", 1, "2E-1", {{leaf(0)}}));
  CHECK(predict(fifth, {0})[0] == Approx(0.2).epsilon(1e-6));
  const auto sure = parsed(tiny_model("binary:logistic", 1, "5E-1", {stump(0, -1000, 1000)}));
  CHECK(predict(sure, {1})[0] == 1.0f);
  CHECK(predict(sure, {-1})[0] > 0.0f); // the exponent is capped
  CHECK(predict(sure, {-1})[0] < 1e-38f);
}

TEST_CASE("multi:softprob gives a probability for each class") {
  const auto model =
      parsed(tiny_model("multi:softprob", 1, "5E-1", {stump(0, 0, 1), {leaf(0)}, {leaf(0)}}, 3));
  CHECK(model.shape().outputs == 3);
  const auto scores = predict(model, {-1, 1});
  REQUIRE(scores.size() == 6);
  CHECK(scores[0] == Approx(1.0 / 3));
  const double e = std::exp(1.0);
  CHECK(scores[3] == Approx(e / (e + 2)).epsilon(1e-6));
  CHECK(scores[4] == Approx(1 / (e + 2)).epsilon(1e-6));
  CHECK(scores[5] == scores[4]);
}

TEST_CASE("a model without trees scores its base") {
  CHECK(predict(parsed(regression({}, "2.5E0")), {0, 0}) == std::vector{2.5f});
  CHECK(predict(parsed(regression({}, "[2.5E0]")), {0, 0}) == std::vector{2.5f});
}

TEST_CASE("each class may have a base of its own") {
  const auto model = parsed(tiny_model("multi:softprob", 1, "[0,1,0]", {}, 3));
  const auto scores = predict(model, {0, 0});
  const double e = std::exp(1.0);
  CHECK(scores[1] == Approx(e / (e + 2)).epsilon(1e-6));
  CHECK(scores[2] == scores[0]);
  CHECK(scores[4] == scores[1]);
}

// Trained and scored by these versions of XGBoost in Python, on made-up numbers: a row of the .csv
// holds features and scores.
TEST_CASE("models of later versions of XGBoost score bit for bit as they did there") {
  for (const char* name : {"xgboost-2.1.4-logistic.json", "xgboost-3.0.5-regression.ubj",
                           "xgboost-3.2.0-classes.json"}) {
    INFO(name);
    const auto model = tree_ensemble::load(test_data(name));
    if (!model)
      FAIL(to_string(model.error()));
    const auto known = scored_rows(name, model->shape().features);
    REQUIRE(known.scores.size() == 40 * model->shape().outputs);
    CHECK(difference(predict(*model, known.values), known.scores) == "");
  }
}

TEST_CASE("extreme, estimated and degenerate base scores start sums as where they were trained") {
  for (const char* version : xgboost_case_versions) {
    const auto cases = xgboost_cases(version);
    CHECK(cases.size() >= 33);
    for (const auto& c : cases) {
      INFO(version << ": " << c.name);
      const auto model = sound(tree_ensemble::parse(c.model, c.name));
      CHECK(difference(predict(model, c.known.values), c.known.scores) == "");
    }
  }
}

TEST_CASE("JSON and UBJ say the same") {
  std::mt19937 random(5);
  std::vector<std::vector<tiny_node>> trees;
  for (int t = 0; t < 9; ++t)
    trees.push_back(random_tree(random, 4, 31));
  const auto document = tiny_model("multi:softprob", 4, "5E-1", trees, 3);
  auto ubj = tree_ensemble::parse(as_ubj(document), "tiny.ubj");
  REQUIRE(ubj);
  const auto rows = random_rows(random, 50, 4, 20);
  CHECK(difference(predict(*ubj, rows), predict(parsed(document), rows)) == "");
}

TEST_CASE("numbers in JSON become the nearest float, not the nearest double's nearest float") {
  // Just above the middle between 1 and the next float; as a double it is that middle, and even.
  auto document = regression({{leaf(1)}}).dump();
  const std::string before = "\"split_conditions\":[1.0]";
  const auto at = document.find(before);
  REQUIRE(at != std::string::npos);
  document.replace(at, before.size(), "\"split_conditions\":[1.00000005960464477540]");
  auto model = tree_ensemble::parse(document, "tiny.json");
  REQUIRE(model);
  CHECK(predict(*model, {0, 0})[0] == std::nextafter(1.0f, 2.0f));
}

TEST_CASE("default_left may be written as booleans, split_type may be left out") {
  auto document = regression({stump(0, 1, 2, true)});
  auto& tree = document["learner"]["gradient_booster"]["model"]["trees"][0];
  tree["default_left"] = {true, false, false};
  tree.erase("split_type");
  CHECK(predict(parsed(document), {missing, 0}) == std::vector{1.0f});
}

TEST_CASE("deleted nodes and unknown entries are passed over") {
  auto document = regression({stump(0, 1, 2)});
  auto& tree = document["learner"]["gradient_booster"]["model"]["trees"][0];
  for (const char* name : {"left_children", "right_children", "split_indices", "default_left",
                           "split_type", "split_conditions"})
    tree[name].push_back(name == std::string("split_indices") ? 2147483647 : 1);
  tree["tree_param"]["num_nodes"] = "4";
  tree["tree_param"]["num_deleted"] = "1";
  tree["loss_changes"] = {{{"deep", {1, 2, {{"tree", "x"}}}}}};
  document["later"] = {{"tree", {{"id", 7}}}, {"learner", 5}};
  CHECK(predict(parsed(document), {-1, 0}) == std::vector{1.0f});
}

TEST_CASE("names, attributes and identity") {
  auto document = regression({stump(0, 1, 2)});
  document["learner"]["feature_names"] = {"cents", "distance"};
  document["learner"]["attributes"] = {{"best_iteration", "12"}, {"with/slash", "yes"}};
  const scoped_file file(".json", document.dump());
  const auto model = tree_ensemble::load(file.path());
  REQUIRE(model);
  CHECK(model->shape().features == 2);
  CHECK(model->shape().outputs == 1);
  CHECK(model->shape().kind == "reg:squarederror");
  CHECK(model->shape().feature_names == std::vector<std::string>{"cents", "distance"});
  CHECK(model->attribute("best_iteration") == "12");
  CHECK(model->attribute("with/slash") == "yes");
  CHECK_FALSE(model->attribute("best_score"));
  REQUIRE(model->identity());
  CHECK(model->identity()->id == std::filesystem::path(file.path()).filename());
  CHECK(model->identity()->sha256 == leat::sha256_hex(document.dump()));
  const auto again = tree_ensemble::load(file.path());
  REQUIRE(again);
  CHECK(again->identity() == model->identity());
}

TEST_CASE("sizes that are no rows are refused") {
  const auto model = parsed(regression({stump(0, 1, 2)}));
  std::vector<float> rows(6), scores(2);
  CHECK_THROWS_AS(model.predict(rows, scores), leat::failure);
  model.predict({}, {}); // no rows are fine
}

TEST_CASE("scores do not depend on how rows are cut, and are what a person computes") {
  rc::prop("forest", [](unsigned seed) {
    std::mt19937 random(seed);
    const int features = 1 + static_cast<int>(random() % 40);
    const int classes = random() % 2 == 0 ? 0 : 2 + static_cast<int>(random() % 3);
    std::vector<std::vector<tiny_node>> trees(1 + random() % 60);
    for (auto& tree : trees)
      tree = random_tree(random, features, 1 + static_cast<int>(random() % 100));
    auto document = tiny_model("multi:softprob", features, "5E-1", trees, std::max(classes, 1));
    if (classes == 0) // regression leaves the sums as they are
      document["learner"]["objective"]["name"] = "reg:squarederror";
    const std::size_t width = static_cast<std::size_t>(features);
    const std::size_t count = 1 + random() % 200;
    const auto rows = random_rows(random, count, width, 20);
    for (const auto* walker : all_walkers()) {
      const auto model = parsed(document, walker);
      const auto whole = predict(model, rows);

      std::vector<float> pieces(whole.size());
      for (std::size_t first = 0, size = 0; first < count; first += size) {
        size = std::min<std::size_t>(1 + random() % 70, count - first);
        model.predict(
            std::span(rows).subspan(first * width, size * width),
            std::span(pieces).subspan(first * model.shape().outputs, size * model.shape().outputs));
      }
      RC_ASSERT(difference(whole, pieces) == "");

      if (classes == 0)
        for (std::size_t r = 0; r < count; ++r)
          RC_ASSERT(whole[r] == sum_by_hand(document, &rows[r * width], 0.5f, 0));
    }
  });
}

TEST_CASE("every refusal says what is wrong and in which file") {
  struct refusal {
    std::string because;
    std::function<void(json& learner, json& tree)> damage;
  };
  const auto parameter = [](const char* name, const char* value) {
    return [=](json& learner, json&) { learner["learner_model_param"][name] = value; };
  };
  const auto node = [](const char* array, std::size_t at, json value) {
    return [=](json&, json& tree) { tree[array][at] = value; };
  };
  const auto model = [](json& learner) -> json& { return learner["gradient_booster"]["model"]; };

  const std::vector<refusal> refusals = {
      {"weight_drop has 0 entries for 1 trees",
       [](json& l, json&) { l["gradient_booster"]["name"] = "dart"; }},
      {"booster is 'gblinear'", [](json& l, json&) { l["gradient_booster"]["name"] = "gblinear"; }},
      {"it is not an XGBoost model: learner.gradient_booster.name is missing",
       [](json& l, json&) { l["gradient_booster"].erase("name"); }},
      {"objective is 'rank:pairwise'",
       [](json& l, json&) { l["objective"]["name"] = "rank:pairwise"; }},
      {"objective is 'multi:softmax'",
       [](json& l, json&) { l["objective"]["name"] = "multi:softmax"; }},
      {"num_feature is missing", parameter("num_feature", "0")},
      {"num_feature is 'many'", parameter("num_feature", "many")},
      {"it reads 100000 features", parameter("num_feature", "100000")},
      {"num_feature is '99999999999'", parameter("num_feature", "99999999999")},
      {"3 targets", parameter("num_target", "3")},
      {"num_class is 3, which does not go with", parameter("num_class", "3")},
      {"num_class is -1", parameter("num_class", "-1")},
      {"base_score is 'half'", parameter("base_score", "half")},
      {"base_score is '[5E-1,]'", parameter("base_score", "[5E-1,]")},
      {"base_score is '[5E-1'", parameter("base_score", "[5E-1")},
      {"base_score is '[]'", parameter("base_score", "[]")},
      {"base_score has 2 numbers for 1", parameter("base_score", "[5E-1,5E-1]")},
      {"base_score is not finite", parameter("base_score", "inf")},
      {"base_score is missing",
       [](json& l, json&) { l["learner_model_param"].erase("base_score"); }},
      {"names 1 of its 2 features", [](json& l, json&) { l["feature_names"] = {"cents"}; }},
      {"its num_trees differs",
       [&](json& l, json&) { model(l)["gbtree_model_param"]["num_trees"] = "2"; }},
      {"tree_info has 2 entries for 1 trees",
       [&](json& l, json&) {
         model(l)["tree_info"] = {0, 0};
       }},
      {"tree 0 adds to output 1 of 1", [&](json& l, json&) { model(l)["tree_info"] = {1}; }},
      {"tree 0 adds to output -1", [&](json& l, json&) { model(l)["tree_info"] = {-1}; }},
      {"which is not an integer", [&](json& l, json&) { model(l)["tree_info"] = {0.5}; }},
      {"beyond 32 bits", [&](json& l, json&) { model(l)["tree_info"] = {1LL << 40}; }},
      {"id 1 of a tree", [](json&, json& t) { t["id"] = 1; }},
      {"id -1 of a tree", [](json&, json& t) { t.erase("id"); }},
      {"tree_param is missing", [](json&, json& t) { t.erase("tree_param"); }},
      {"0 nodes", [](json&, json& t) { t["tree_param"]["num_nodes"] = "0"; }},
      {"left_children has 3 entries for 4 nodes",
       [](json&, json& t) { t["tree_param"]["num_nodes"] = "4"; }},
      {"leaves are vectors", [](json&, json& t) { t["tree_param"]["size_leaf_vector"] = "3"; }},
      {"default_left has 2 entries",
       [](json&, json& t) {
         t["default_left"] = {0, 0};
       }},
      {"split_conditions has 0 entries", [](json&, json& t) { t.erase("split_conditions"); }},
      {"node 0 has the children 7 and 2", node("left_children", 0, 7)},
      {"node 0 has the children -2 and 2", node("left_children", 0, -2)},
      {"node 0 has the children 0 and 2", node("left_children", 0, 0)},
      {"node 0 has the children 1 and 9", node("right_children", 0, 9)},
      {"not neighbours", node("right_children", 0, 1)},
      {"node 1 has a child, 1 or 2, that is not its own",
       [](json&, json& t) { t["left_children"][1] = 1, t["right_children"][1] = 2; }},
      {"2 nodes cannot be reached, 0 are marked", node("left_children", 0, -1)},
      {"node 0 splits feature 2, the model has 2", node("split_indices", 0, 2)},
      {"node 0 splits feature -1", node("split_indices", 0, -1)},
      {"node 0 is a categorical split", node("split_type", 0, 1)},
      {"default_left 2", node("default_left", 0, 2)},
  };
  for (const auto& [because, damage] : refusals) {
    auto document = regression({stump(0, 1, 2)});
    auto& learner = document["learner"];
    damage(learner, learner["gradient_booster"]["model"]["trees"][0]);
    for (const auto& bytes : {document.dump(), as_ubj(document)}) {
      const auto refused = tree_ensemble::parse(bytes, "some/risk.json");
      INFO(because);
      REQUIRE_FALSE(refused);
      INFO(to_string(refused.error()));
      CHECK(mentions(refused.error(), because));
      CHECK(mentions(refused.error(), "model 'some/risk.json'"));
    }
  }
}

TEST_CASE("refusals that depend on the objective") {
  const auto error_of = [](const json& document) {
    auto refused = tree_ensemble::parse(document.dump(), "risk.json");
    REQUIRE_FALSE(refused);
    return refused.error();
  };
  CHECK(mentions(error_of(tiny_model("binary:logistic", 1, "0", {})), "not a probability"));
  CHECK(mentions(error_of(tiny_model("binary:logistic", 1, "1", {})), "not a probability"));
  CHECK(mentions(error_of(tiny_model("multi:softprob", 1, "0.5", {}, 0)), "num_class is 0"));
  CHECK(mentions(error_of(tiny_model("multi:softprob", 1, "0.5", {}, 2'000'000'000)), "num_class"));
}

TEST_CASE("thresholds and leaves must be finite") {
  auto document = regression({stump(0, 1, 2)});
  document["learner"]["gradient_booster"]["model"]["trees"][0]["split_conditions"][2] = missing;
  const auto refused = tree_ensemble::parse(as_ubj(document), "tiny.ubj");
  REQUIRE_FALSE(refused);
  CHECK(mentions(refused.error(), "tree 0: node 2 holds nan"));
}

TEST_CASE("nobody is sent from one backend to the other and back") {
  // leat::xgboost refuses a list of base scores where its library is too old, and then names
  // leat::trees for these objectives alone.
  auto document = tiny_model("reg:absoluteerror", 1, "[2E0]", {stump(0, -1, 1)});
  CHECK(tree_ensemble::supports("reg:absoluteerror"));
  CHECK(predict(parsed(document), {-1, 1}) == std::vector{1.0f, 3.0f});
  document["learner"]["objective"]["name"] = "reg:gamma";
  CHECK_FALSE(tree_ensemble::supports("reg:gamma"));
  const auto refused = tree_ensemble::parse(document.dump(), "tiny.json");
  REQUIRE_FALSE(refused);
  CHECK(mentions(refused.error(), "linked to XGBoost 3.1 or later, which this file needs"));
}

TEST_CASE("files that are no models") {
  const auto error_of = [](std::string_view bytes) {
    auto refused = tree_ensemble::parse(bytes, "risk.json");
    REQUIRE_FALSE(refused);
    return refused.error();
  };
  CHECK(mentions(error_of(""), "neither JSON nor UBJ"));
  CHECK(mentions(error_of("binf\1\2\3"), "neither JSON nor UBJ"));
  CHECK(mentions(error_of("{"), "cannot be read"));
  CHECK(mentions(error_of("{}"), "it is not an XGBoost model"));
  CHECK(mentions(error_of("{\"learner\":NaN}"), "cannot be read"));
  CHECK(mentions(error_of("{\"learner\":{}} x"), "cannot be read"));
}

TEST_CASE("missing files, folders and empty files") {
  const auto error_of = [](const std::string& path) {
    auto refused = tree_ensemble::load(path);
    REQUIRE_FALSE(refused);
    CHECK(mentions(refused.error(), path));
    return refused.error();
  };
  CHECK(mentions(error_of("/nowhere/risk.json"), "no such file"));
  CHECK(mentions(error_of(std::filesystem::temp_directory_path().string()), "not a regular file"));
  const scoped_file empty(".json");
  CHECK(mentions(error_of(empty.path()), "neither JSON nor UBJ"));
}

TEST_CASE("a cut file is an error at every length") {
  const auto document = regression({stump(0, 1, 2), stump(1, 2, 3)});
  for (const auto& bytes : {document.dump(), as_ubj(document)})
    for (std::size_t size = 0; size < bytes.size(); ++size)
      REQUIRE_FALSE(tree_ensemble::parse(std::string_view(bytes).substr(0, size), "cut"));
}

TEST_CASE("a file with flipped bytes is an error or a model that scores") {
  std::mt19937 random(11);
  std::vector<std::vector<tiny_node>> trees;
  for (int t = 0; t < 5; ++t)
    trees.push_back(random_tree(random, 2, 15));
  const auto document = regression(trees);
  const std::vector<float> rows = {0.5f, missing, missing, -1};
  for (const auto& original : {document.dump(), as_ubj(document)})
    for (int round = 0; round < 3000; ++round) {
      auto bytes = original;
      for (auto flips = 1 + random() % 3; flips > 0; --flips)
        bytes[random() % bytes.size()] = static_cast<char>(random());
      if (const auto model = tree_ensemble::parse(bytes, "flipped");
          model && model->shape().features == 2)
        predict(*model, rows);
    }
}

TEST_CASE("hostile files end in an error at once") {
  const auto refused = [](const std::string& bytes) {
    return !tree_ensemble::parse(bytes, "hostile");
  };
  const std::string deep(1'000'000, '[');
  CHECK(refused("{\"learner\":" + deep));
  const auto ubj_key = [](const std::string& key) {
    return std::string("i") + static_cast<char>(key.size()) + key;
  };
  CHECK(refused("{" + ubj_key("learner") + deep));
  const std::string huge = "L\x0f\xff\xff\xff\xff\xff\xff\xff"; // a length of 2^60
  for (const char type : {'Z', 'T', 'l', 'd', '[', 'N'})
    CHECK(refused("{" + ubj_key("learner") + "[$" + type + "#" + huge));
  CHECK(refused("{" + ubj_key("learner") + "[#" + huge));
  CHECK(refused("{" + ubj_key("learner") + "S" + huge + "abc"));
  CHECK(refused("{" + huge));
  // Arrays of arrays of values that take no bytes: few bytes announce very many values.
  std::string nested = "{" + ubj_key("learner") + "[$[#I\x0f\xff";
  for (int i = 0; i < 0x0fff; ++i)
    nested += "$Z#I\x3f\xff";
  CHECK(refused(nested + "}"));
  // More trees than bytes.
  std::string trees = R"({"learner":{"gradient_booster":{"model":{"trees":[{})";
  for (int i = 0; i < 100'000; ++i)
    trees += ",{}";
  CHECK(refused(trees + "]}}}}"));
}
