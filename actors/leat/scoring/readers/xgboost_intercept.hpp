// What XGBoost makes of a model's base_score, which differs between its versions.
#pragma once

#include <leat/scoring/readers/xgboost_file.hpp>

#include <array>
#include <cstddef>
#include <vector>

namespace leat {

/// Major, minor, patch.
using xgboost_version = std::array<std::int32_t, 3>;

/// Since then base_score is a list, which older libraries misread without an error.
inline constexpr xgboost_version first_with_intercept_lists = {3, 1, 0};

/// The version that wrote a file; zeros for what it does not say.
xgboost_version version_of(const xgboost_file& file);

/// Whether base_score holds probabilities, which is where versions differ.
bool is_logistic(const xgboost_file& file);

/// Where the sums of a model's outputs start when XGBoost of this version scores it. The file has
/// the user's numbers: with logistic objectives probabilities, whose log-odds are what is summed
/// up.
result<std::vector<float>> intercepts_of(const xgboost_file& file, std::size_t outputs,
                                         const xgboost_version& scored_by);

} // namespace leat
