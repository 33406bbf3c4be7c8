#include <leat/scoring/readers/xgboost_intercept.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace leat {
namespace {

/// The first that clips probabilities. It accepts 0 and 1, which it estimates from labels that are
/// all alike.
constexpr xgboost_version first_that_clips = {3, 2, 0};
constexpr float lowest = 1e-6f;
constexpr float highest = 1.0f - lowest;

/// The first that takes an estimated base_score as it is while there are no trees.
constexpr xgboost_version first_with_raw_estimates = {3, 1, 0};

result<float> log_odds(float probability, bool clips) {
  const bool possible = clips ? probability >= 0 && probability <= 1 //
                              : probability > 0 && probability < 1;
  if (!possible)
    return user_error(fmt::format("its base_score is {}, which is not a probability", probability));
  if (clips)
    probability = std::clamp(probability, lowest, highest);
  return -std::log(1.0f / probability - 1.0f);
}

} // namespace

xgboost_version version_of(const xgboost_file& file) {
  xgboost_version version{};
  std::copy_n(file.version.begin(), std::min(file.version.size(), version.size()), version.begin());
  return version;
}

bool is_logistic(const xgboost_file& file) {
  return file.objective == "binary:logistic" || file.objective == "reg:logistic";
}

result<std::vector<float>> intercepts_of(const xgboost_file& file, std::size_t outputs,
                                         const xgboost_version& scored_by) {
  auto bases = file.base_score;
  if (bases.empty())
    return user_error("its base_score is missing");
  if (bases.size() == 1)
    bases.resize(outputs, bases[0]);
  if (bases.size() != outputs)
    return user_error(
        fmt::format("its base_score has {} numbers for {} outputs", bases.size(), outputs));
  const bool raw = scored_by >= first_with_raw_estimates && file.trees.empty() &&
                   file.boost_from_average.value_or(1) != 0;
  for (float& base : bases) {
    if (!std::isfinite(base))
      return user_error("its base_score is not finite");
    if (raw || !is_logistic(file))
      continue;
    const auto odds = log_odds(base, scored_by >= first_that_clips);
    if (!odds)
      return odds.error();
    base = *odds;
  }
  return bases;
}

} // namespace leat
