// XGBoost's model files, JSON or UBJ, as plain fields. Reading checks the syntax and the types;
// what the fields mean, and whether they fit together, is for the reader's caller.
#pragma once

#include <leat/error.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// One regression tree: arrays with an entry for each node; node 0 is the root, child -1 is none.
/// What a file does not have stays empty.
struct xgboost_tree {
  std::optional<std::int32_t> id; ///< its place in the order of additions
  std::optional<std::int32_t> num_nodes;
  std::optional<std::int32_t> num_deleted;
  std::optional<std::int32_t> size_leaf_vector;
  std::vector<std::int32_t> left_children;
  std::vector<std::int32_t> right_children;
  std::vector<std::int32_t> parents;
  std::vector<std::int32_t> split_indices;
  std::vector<std::int32_t> default_left;
  std::vector<std::int32_t> split_type;
  std::vector<float> split_conditions; ///< a split's threshold, a leaf's value
};

/// What a model file says.
struct xgboost_file {
  std::vector<std::int32_t> version; ///< of the XGBoost that wrote it: major, minor, patch
  std::string objective;
  std::string booster;
  std::vector<float> base_score;   ///< as the user gives it: for logistic objectives a probability;
                                   ///< one, or since 3.1 one for each output
  bool base_score_is_list = false; ///< since 3.1, even of one
  std::optional<std::int32_t> boost_from_average; ///< 1: base_score was not the user's choice
  std::optional<std::int32_t> num_feature;
  std::optional<std::int32_t> num_class;
  std::optional<std::int32_t> num_target;
  std::optional<std::int32_t> num_trees;
  std::map<std::string, std::string, std::less<>> attributes;
  std::vector<std::string> feature_names;
  std::vector<std::int32_t> tree_info; ///< for each tree, the output it adds to
  /// For each iteration its first tree, then the number of trees; empty in files of XGBoost 1.
  std::vector<std::int32_t> iteration_indptr;
  std::vector<float> weight_drop;  ///< of booster dart: for each tree, its weight
  std::vector<xgboost_tree> trees; ///< in the order of the file
};

/// Reads the bytes of a model file; JSON and UBJ (Universal Binary JSON) are told apart by content.
/// Unknown entries are skipped. Time and memory are bounded by a small multiple of `bytes`,
/// whatever they hold. Errors say where reading stopped.
result<xgboost_file> read_xgboost(std::string_view bytes);

} // namespace leat
