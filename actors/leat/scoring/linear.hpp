// Linear and logistic models from a JSON file: leat::linear<payment>("risk.json").
//
//   {"kind": "logistic",
//    "features": ["cents", "distance"],     the record's features, in its order
//    "coefficients": [0.002, 1.5],          one for each
//    "intercept": -4.0,
//    "means": [120, 3.4],                   optional, subtracted from features (default 0)
//    "scales": [80, 2.1]}                   optional, then divides them (default 1)
//
// scikit-learn calls these coef_, intercept_, mean_ and scale_ (of a StandardScaler).
#pragma once

#include <leat/scoring/row_model.hpp>

namespace leat {

/// intercept + sum of coefficient * (feature - mean) / scale, in double, feature by feature. The
/// score of kind "linear" is that sum; of kind "logistic" the probability 1 / (1 + exp(-sum)).
/// Immutable, so any number of threads may share one.
class linear_model {
public:
  /// Reads the model file at `path`. Errors name the file and the member that is wrong.
  static result<linear_model> load(const std::string& path);

  /// The same for a file's bytes; `name` is the file's name, for identity and errors.
  static result<linear_model> parse(std::string_view bytes, const std::string& name);

  const model_shape& shape() const { return shape_; }
  model_ref identity() const { return identity_; }

  static constexpr std::size_t rows_a_call = 64;

  /// Scores n rows: `rows` holds n * shape().features values, row-major. Thread-safe,
  /// batch-invariant, allocates nothing. Throws leat::failure for a row with a missing feature
  /// (NaN) or a sum that is not a number, and if the sizes do not fit.
  void predict(std::span<const float> rows, std::span<float> scores) const;

private:
  struct term {
    double coefficient;
    double mean;
    double scale;
  };

  linear_model() = default;
  static result<linear_model> build(std::string_view bytes);
  [[noreturn]] void refuse(std::span<const float> row) const;

  std::vector<term> terms_;
  double intercept_ = 0;
  bool logistic_ = false;
  model_shape shape_;
  model_ref identity_;
};

/// Loads a linear or logistic model from a JSON file to score records of F. A record with a
/// feature that is NaN is a dead letter.
template <record F>
using linear = row_model_file<F, float, linear_model>;

} // namespace leat
