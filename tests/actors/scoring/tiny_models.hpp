// Model files small enough to check by hand, as XGBoost would write them.
#pragma once

#include <leat/scoring/readers/tree_ensemble.hpp>

#include "support/scoring.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <bit>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace leat::test {

/// One node of a tree: a split that has children, or a leaf.
struct tiny_node {
  int left = -1; ///< right is left + 1
  int feature = 0;
  float condition = 0; ///< threshold or leaf
  bool default_left = true;
};

inline tiny_node leaf(float value) { return {-1, 0, value, false}; }

inline nlohmann::json tiny_tree(int id, const std::vector<tiny_node>& nodes) {
  nlohmann::json tree = {{"id", id},
                         {"tree_param",
                          {{"num_nodes", std::to_string(nodes.size())},
                           {"num_deleted", "0"},
                           {"num_feature", "0"},
                           {"size_leaf_vector", "0"}}}};
  for (const char* name : {"left_children", "right_children", "split_indices", "default_left",
                           "split_type", "split_conditions"})
    tree[name] = nlohmann::json::array();
  for (const auto& n : nodes) {
    tree["left_children"].push_back(n.left);
    tree["right_children"].push_back(n.left < 0 ? -1 : n.left + 1);
    tree["split_indices"].push_back(n.feature);
    tree["default_left"].push_back(n.default_left ? 1 : 0);
    tree["split_type"].push_back(0);
    tree["split_conditions"].push_back(n.condition);
  }
  return tree;
}

/// A model of one output, or of `classes` that take turns tree by tree.
inline nlohmann::json tiny_model(const std::string& objective, int features,
                                 const std::string& base_score,
                                 const std::vector<std::vector<tiny_node>>& trees,
                                 int classes = 0) {
  nlohmann::json model = {
      {"gbtree_model_param",
       {{"num_trees", std::to_string(trees.size())}, {"num_parallel_tree", "1"}}},
      {"trees", nlohmann::json::array()},
      {"tree_info", nlohmann::json::array()}};
  for (int t = 0; t < static_cast<int>(trees.size()); ++t) {
    model["trees"].push_back(tiny_tree(t, trees[static_cast<std::size_t>(t)]));
    model["tree_info"].push_back(classes == 0 ? 0 : t % classes);
  }
  return {{"learner",
           {{"attributes", nlohmann::json::object()},
            {"feature_names", nlohmann::json::array()},
            {"gradient_booster", {{"name", "gbtree"}, {"model", model}}},
            {"learner_model_param",
             {{"base_score", base_score},
              {"num_class", std::to_string(classes)},
              {"num_feature", std::to_string(features)},
              {"num_target", "1"}}},
            {"objective", {{"name", objective}}}}},
          {"version", {1, 7, 4}}};
}

/// A split on feature 0 at `threshold`, and two leaves.
inline std::vector<tiny_node> stump(float threshold, float left, float right,
                                    bool default_left = true) {
  return {{1, 0, threshold, default_left}, leaf(left), leaf(right)};
}

inline std::string as_ubj(const nlohmann::json& document) {
  const auto bytes = nlohmann::json::to_ubjson(document, true, true);
  return {bytes.begin(), bytes.end()};
}

inline tree_ensemble parsed(const nlohmann::json& document,
                            const vector_walker* vectors = find_vector_walker()) {
  return sound(tree_ensemble::parse(document.dump(), "tiny.json", vectors));
}

/// The walkers that a model may be loaded with here: null is the plain one.
inline std::set<const vector_walker*> all_walkers() { return {nullptr, find_vector_walker()}; }

inline std::vector<float> predict(const tree_ensemble& model, const std::vector<float>& rows) {
  return scores_of(model, rows);
}

/// A file that belongs to the tests: models trained elsewhere, on made-up numbers.
inline std::string test_data(const std::string& name) {
  return (std::filesystem::path(__FILE__).parent_path() / "data" / name).string();
}

struct known_scores {
  std::vector<float> values;
  std::vector<float> scores;
};

/// Rows and how they scored where the model comes from: the .csv beside it, first the features.
inline known_scores scored_rows(const std::string& model, std::size_t features) {
  std::ifstream in(std::filesystem::path(test_data(model)).replace_extension(".csv"));
  known_scores known;
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::size_t column = 0;
    for (std::string text; std::getline(fields, text, ',');)
      (column++ < features ? known.values : known.scores).push_back(std::stof(text));
  }
  return known;
}

/// A model that some XGBoost trained, and how it scored there: see xgboost_cases.py.
struct xgboost_case {
  std::string name;
  std::string model; ///< the file's bytes
  known_scores known;
};

inline std::vector<xgboost_case> xgboost_cases(const std::string& version) {
  std::ifstream in(test_data("xgboost-cases-" + version + ".jsonl"));
  std::vector<xgboost_case> cases;
  for (std::string line; std::getline(in, line);) {
    const auto document = nlohmann::json::parse(line);
    auto& c = cases.emplace_back();
    c.name = document["name"];
    c.model = document["model"];
    for (const auto& x : document["rows"])
      c.known.values.push_back(x.is_null() ? std::numeric_limits<float>::quiet_NaN()
                                           : x.get<float>());
    for (const auto& bits : document["scores"])
      c.known.scores.push_back(std::bit_cast<float>(bits.get<std::uint32_t>()));
  }
  return cases;
}

/// The versions that such models exist of.
inline constexpr const char* xgboost_case_versions[] = {"1.7.6", "2.1.4", "3.0.5", "3.2.0"};

} // namespace leat::test
