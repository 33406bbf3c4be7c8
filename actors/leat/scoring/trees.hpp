// Tree models of XGBoost, scored natively: leat::trees<payment>("risk.json").
#pragma once

#include <leat/scoring/readers/tree_ensemble.hpp>
#include <leat/scoring/row_model.hpp>

namespace leat {

/// Loads an XGBoost model from a file (see tree_ensemble) to score records of F. Score is float
/// for models with one output, std::array<float, N> for multi:softprob with N classes:
/// probabilities, or the value for reg:squarederror. A feature that is NaN is missing.
template <record F, class Score = float>
using trees = row_model_file<F, Score, tree_ensemble>;

} // namespace leat
