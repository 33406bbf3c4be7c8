// Models that say how strange a reading is. They look at one view at a time: what they know of the
// past stands in it.
#pragma once

#include "records.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace edge {

inline constexpr std::int64_t warm_up = 200; ///< readings of a sensor that are not judged
inline constexpr float most = 1000;          ///< the highest score

/// How many times `scale` a distance is; zero is as far from zero as can be told.
inline float times(double distance, double scale) {
  if (distance == 0)
    return 0;
  return scale > 0 ? static_cast<float>(std::min(distance / scale, double{most})) : most;
}

/// How far a reading lies off its sensor's moving average, as a multiple of the farthest that one
/// came to lie off it on the same side: 1.25 is a quarter farther than ever lately.
///
/// After DSPOT (Siffer, Fouque, Termier, Largouet: "Anomaly Detection in Streams with Extreme Value
/// Theory", KDD 2017): judge a drifting stream by its residuals to a moving average, each side by
/// its own extremes, so that no distribution is assumed and no scale has to be set. Where DSPOT
/// fits a generalised Pareto distribution to stored peaks, here the highest residual stands for the
/// tail and is forgotten exponentially (a half-life of 6931 readings): constant memory and a few
/// operations a reading, at the price of a score that is no probability.
struct farthest_residual {
  using score_type = float;
  static constexpr float threshold = 1.25f; ///< chosen on one folder of three: see README.md

  void predict(std::span<const view> rows, std::span<float> scores) const {
    std::transform(rows.begin(), rows.end(), scores.begin(), score);
  }

private:
  static float score(const view& v) {
    if (v.readings < warm_up)
      return 0;
    const double off = v.value - v.level;
    // A side on which nothing happened yet is judged by a fifth of the other.
    const double least = 0.2 * std::max(v.highest_above, v.highest_below);
    return times(std::abs(off), std::max(off > 0 ? v.highest_above : v.highest_below, least));
  }
};

/// How many standard deviations a reading lies off the mean of all before: what one would write
/// first, to compare with.
struct z_score {
  using score_type = float;
  static constexpr float threshold = 8.75f; ///< chosen likewise

  void predict(std::span<const view> rows, std::span<float> scores) const {
    std::transform(rows.begin(), rows.end(), scores.begin(), [](const view& v) {
      return v.readings < warm_up ? 0 : times(std::abs(v.value - v.mean), v.deviation);
    });
  }
};

} // namespace edge
