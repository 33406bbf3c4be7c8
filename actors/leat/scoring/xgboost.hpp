// Models scored by the XGBoost library: leat::xgboost<payment>("risk.json"). Component
// leat::xgboost.
#pragma once

#include <leat/scoring/row_model.hpp>

namespace leat {

/// A booster of the library: any model with booster gbtree that it saved as JSON or UBJ, whatever
/// its objective. Scores are those of `predict` with all trees and missing = NaN; a model whose
/// base_score this library converts otherwise than the one that wrote it is refused. It scores on
/// the caller's thread alone; any number of threads may share one.
class xgboost_booster {
public:
  /// Reads the model file at `path`. Errors (missing, damaged, refused by the library) name the
  /// file and what is wrong with it.
  static result<xgboost_booster> load(const std::string& path);

  /// Its inputs and outputs; `kind` is XGBoost's name of the objective.
  const model_shape& shape() const { return shape_; }
  model_ref identity() const { return identity_; }

  /// A whole pane in one call, since a call costs much more than a row.
  static constexpr std::size_t rows_a_call = 1024;

  /// Scores n rows in one call: `rows` holds n * shape().features values, row-major, where NaN is
  /// missing; `scores` takes n * shape().outputs. Thread-safe, batch-invariant. Throws
  /// leat::failure if the sizes do not fit or the library fails.
  void predict(std::span<const float> rows, std::span<float> scores) const;

private:
  struct release {
    void operator()(void* booster) const;
  };
  using booster_ptr = std::unique_ptr<void, release>;

  explicit xgboost_booster(booster_ptr booster) : booster_(std::move(booster)) {}

  static result<xgboost_booster> build(std::string_view bytes);
  /// The library's scores for rows of this width. Valid until this thread's next call.
  std::span<const float> scores_of(std::span<const float> rows, std::size_t width) const;

  booster_ptr booster_;
  model_shape shape_;
  model_ref identity_;
};

/// Loads an XGBoost model from a file (see xgboost_booster) to score records of F with the
/// library. Score is float, or std::array<float, N> for models with N outputs. A feature that is
/// NaN is missing.
template <record F, class Score = float>
using xgboost = row_model_file<F, Score, xgboost_booster>;

} // namespace leat
