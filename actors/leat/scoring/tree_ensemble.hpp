// XGBoost's tree models without the XGBoost library: reads its files and gives the same scores, bit
// for bit, with little fixed cost per call.
#pragma once

#include <leat/error.hpp>
#include <leat/model.hpp>
#include <leat/scoring/forest.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// What turns the sum of a row's leaves into its scores.
enum class link_function { identity, sigmoid, softmax };

/// A model trained with XGBoost: booster gbtree with numerical splits, objective binary:logistic,
/// reg:squarederror or multi:softprob, saved as JSON or UBJ. Scores are those of XGBoost 1.7's
/// `predict` with all trees and missing = NaN. Up to 8191 features. Immutable, so any number of
/// threads may share one.
class tree_ensemble {
public:
  /// Reads the model file at `path`. Errors (missing, damaged, of a kind that is not supported)
  /// name the file and what is wrong with it.
  static result<tree_ensemble> load(const std::string& path);

  /// The same for a file's bytes; `name` is the file's name, for identity and errors.
  static result<tree_ensemble> parse(std::string_view bytes, const std::string& name);

  /// The width of a row.
  std::size_t features() const { return trees_.features(); }
  /// Scores per row: 1, or one for each class.
  std::size_t outputs() const { return trees_.outputs(); }
  /// XGBoost's name for it, e.g. "binary:logistic".
  const std::string& objective() const { return objective_; }
  /// In the order of a row; empty if the model was trained without names.
  const std::vector<std::string>& feature_names() const { return feature_names_; }
  /// What was stored beside the trees, e.g. "best_iteration".
  std::optional<std::string> attribute(std::string_view name) const;
  /// The file's name without its folder, and the SHA-256 of its bytes.
  model_ref identity() const { return identity_; }

  /// Whether records with these feature fields can be scored: as many as the model reads and, where
  /// it has names, the same in the same order, for `scores` scores each.
  result<void> accepts(std::string_view record, std::span<const std::string_view> features,
                       std::size_t scores) const;

  /// Scores n rows: `rows` holds n * features() values, row-major, where NaN is missing; `scores`
  /// takes n * outputs(). Probabilities, or the value itself for reg:squarederror. Thread-safe,
  /// batch-invariant, allocates nothing. Throws leat::failure if the sizes do not fit.
  void predict(std::span<const float> rows, std::span<float> scores) const;

private:
  tree_ensemble(forest trees, link_function link, float base)
      : trees_(std::move(trees)), link_(link), base_(base) {}

  static result<tree_ensemble> build(const xgboost_file& file);

  forest trees_;
  link_function link_;
  float base_; ///< where every sum starts
  model_ref identity_;
  std::string name_; ///< for errors
  std::string objective_;
  std::vector<std::string> feature_names_;
  std::map<std::string, std::string, std::less<>> attributes_;
};

} // namespace leat
