// What alerts were worth, once it is known when something was the matter.
#pragma once

#include "labels.hpp"
#include "records.hpp"

#include <map>
#include <span>

namespace edge {

/// Counts of several streams add up with `+=`.
struct verdicts {
  std::int64_t anomalies = 0;
  std::int64_t found = 0; ///< of these, those with an alert in them
  std::int64_t alerts = 0;
  std::int64_t right = 0;              ///< of these, those within an anomaly
  std::chrono::microseconds delays{0}; ///< from the begin of an anomaly to its first alert, summed
  double parts = 0;                    ///< likewise, each as a part of the anomaly's duration

  verdicts& operator+=(const verdicts& other);

  double precision() const;                     ///< right alerts among all; 1 without alerts
  double recall() const;                        ///< found anomalies among all; 1 without anomalies
  std::chrono::microseconds mean_delay() const; ///< 0 if nothing was found
  double mean_part() const;                     ///< likewise

  friend bool operator==(const verdicts&, const verdicts&) = default;
};

/// Judges one stream's alerts, in order of time.
verdicts judge(std::span<const alert> alerts, std::span<const anomaly> known);

/// By folder: the part of a stream's name before its last slash. `streams` are all that were read,
/// by the names that the labels have; an error says which of them has no label.
leat::result<std::map<std::string, verdicts>> judge(const std::vector<std::string>& streams,
                                                    std::vector<alert> alerts, const labels& known);

} // namespace edge
