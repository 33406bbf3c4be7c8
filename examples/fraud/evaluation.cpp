#include "evaluation.hpp"

#include <algorithm>
#include <limits>

namespace fraud {
namespace {

/// Calls `visit(score, frauds, honest)` for each different score, the highest first, with the
/// numbers of rows that have it.
template <class Visit>
void for_each_score(std::vector<judged>& rows, Visit visit) {
  std::ranges::sort(rows, std::ranges::greater{}, &judged::score);
  for (auto row = rows.begin(); row != rows.end();) {
    const float score = row->score;
    std::int64_t frauds = 0, honest = 0;
    for (; row != rows.end() && row->score == score; ++row)
      ++(row->fraud ? frauds : honest);
    visit(score, frauds, honest);
  }
}

} // namespace

double area_under_curve(std::vector<judged> rows) {
  std::int64_t frauds_above = 0, all_honest = 0, half_pairs = 0;
  for_each_score(rows, [&](float, std::int64_t frauds, std::int64_t honest) {
    half_pairs += honest * (2 * frauds_above + frauds);
    frauds_above += frauds;
    all_honest += honest;
  });
  const std::int64_t pairs = frauds_above * all_honest;
  return pairs == 0 ? 0.5 : static_cast<double>(half_pairs) / (2 * static_cast<double>(pairs));
}

float threshold_for(double precision, std::vector<judged> rows) {
  float threshold = std::numeric_limits<float>::infinity();
  double best = 0;
  std::int64_t hits = 0, alerts = 0;
  for_each_score(rows, [&](float score, std::int64_t frauds, std::int64_t honest) {
    hits += frauds;
    alerts += frauds + honest;
    const double reached = static_cast<double>(hits) / static_cast<double>(alerts);
    if (reached >= precision || reached > best) {
      threshold = score;
      best = std::min(reached, precision);
    }
  });
  return threshold;
}

} // namespace fraud
