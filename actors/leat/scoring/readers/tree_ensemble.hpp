// XGBoost's tree models without the XGBoost library: reads its files and gives the same scores, bit
// for bit, with little fixed cost per call.
#pragma once

#include <leat/error.hpp>
#include <leat/scoring/readers/model_file.hpp>
#include <leat/scoring/readers/vector_walker.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace leat {

struct xgboost_file;

/// A model trained with XGBoost: booster gbtree or dart with numerical splits, objective
/// binary:logistic, reg:logistic, reg:squarederror, reg:absoluteerror or multi:softprob, saved as
/// JSON or UBJ. Scores are those of `predict` of the XGBoost that wrote the file (1.7 to 3.2), with
/// all trees and missing = NaN. Up to 8191 features. Immutable: copies share the trees, and any
/// number of threads may use them.
class tree_ensemble {
public:
  /// Reads the model file at `path`. Errors (missing, damaged, of a kind that is not supported)
  /// name the file and what is wrong with it. Scores do not depend on `vectors`; without it, the
  /// plain walker takes all rows.
  static result<tree_ensemble> load(const std::string& path,
                                    const vector_walker* vectors = find_vector_walker());

  /// The same for a file's bytes; `name` is the file's name, for identity and errors.
  static result<tree_ensemble> parse(std::string_view bytes, const std::string& name,
                                     const vector_walker* vectors = find_vector_walker());

  /// Whether models of this objective are read.
  static bool supports(std::string_view objective);

  /// What it takes and gives; its kind is XGBoost's name for the objective.
  const model_shape& shape() const;
  /// What was stored beside the trees, e.g. "best_iteration".
  std::optional<std::string> attribute(std::string_view name) const;
  /// The file's name without its folder, and the SHA-256 of its bytes.
  model_ref identity() const;

  /// Enough rows to reuse trees that are in the cache; more come in a further call.
  static constexpr std::size_t rows_a_call = 64;

  /// Scores n rows: `rows` holds n * shape().features values, row-major, where NaN is missing;
  /// `scores` takes n * shape().outputs. Probabilities, or the value itself for
  /// reg:squarederror and reg:absoluteerror.
  /// Thread-safe, batch-invariant, allocates nothing. Throws leat::failure if the sizes do not fit.
  void predict(std::span<const float> rows, std::span<float> scores) const;

private:
  struct contents;
  explicit tree_ensemble(std::shared_ptr<const contents> all) : contents_(std::move(all)) {}

  static result<contents> build(const xgboost_file& file, const vector_walker* vectors);

  std::shared_ptr<const contents> contents_;
};

} // namespace leat
