// Models in ONNX, scored by ONNX Runtime: leat::onnx<payment>("risk.onnx"). Component leat::onnx.
#pragma once

#include <leat/scoring/row_model.hpp>

namespace leat {

/// A model with one input, a float tensor [rows, features], and among its outputs one float tensor,
/// [rows] or [rows, scores]. It is run on the caller's thread alone; any number of threads may
/// share one.
///
/// ONNX Runtime does not promise that a row's score is bit-identical alone and among others: it is
/// for trees and for sums row by row, but products of matrices may be added up in another order for
/// another number of rows. With such models, batchings agree but for the last bits.
class onnx_session {
public:
  /// Reads the model file at `path`. Errors (missing, damaged, of other inputs or outputs) name the
  /// file and what is wrong with it.
  static result<onnx_session> load(const std::string& path);

  /// Its inputs and outputs. Its features have no names.
  const model_shape& shape() const { return shape_; }
  model_ref identity() const { return identity_; }

  /// A whole pane in one call.
  static constexpr std::size_t rows_a_call = 1024;

  /// Scores n rows in one call: `rows` holds n * shape().features values, row-major; `scores` takes
  /// n * shape().outputs. Thread-safe. Throws leat::failure if the sizes do not fit or the runtime
  /// fails.
  void predict(std::span<const float> rows, std::span<float> scores) const;

private:
  struct session;
  struct release {
    void operator()(session* s) const;
  };
  using session_ptr = std::unique_ptr<session, release>;

  explicit onnx_session(session_ptr s) : session_(std::move(s)) {}

  session_ptr session_;
  model_shape shape_;
  model_ref identity_;
};

/// Loads an ONNX model from a file (see onnx_session) to score records of F. Score is float, or
/// std::array<float, N> for models with N scores a row, such as the probabilities of N classes.
template <record F, class Score = float>
using onnx = row_model_file<F, Score, onnx_session>;

} // namespace leat
