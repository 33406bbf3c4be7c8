// How good scores are, once it is known what was fraud.
#pragma once

#include "records.hpp"

#include <cstdint>
#include <vector>

namespace fraud {

/// What became of alerts. Counts of parts of a stream add up with `+=`.
struct verdicts {
  std::int64_t payments = 0;
  std::int64_t frauds = 0;
  std::int64_t alerts = 0;
  std::int64_t hits = 0; ///< alerts that were right

  void add(bool fraud, bool alert) {
    ++payments;
    frauds += fraud;
    alerts += alert;
    hits += fraud && alert;
  }
  verdicts& operator+=(const verdicts& other) {
    payments += other.payments;
    frauds += other.frauds;
    alerts += other.alerts;
    hits += other.hits;
    return *this;
  }

  /// The part of the alerts that is right; 1 without alerts.
  double precision() const { return share(hits, alerts); }
  /// The part of the frauds that is found; 1 without frauds.
  double recall() const { return share(hits, frauds); }

  friend bool operator==(const verdicts&, const verdicts&) = default;
  static constexpr auto fields =
      leat::fields("verdicts", leat::field("payments", &verdicts::payments),
                   leat::field("frauds", &verdicts::frauds),
                   leat::field("alerts", &verdicts::alerts), leat::field("hits", &verdicts::hits));

private:
  static double share(std::int64_t part, std::int64_t all) {
    return all == 0 ? 1 : static_cast<double>(part) / static_cast<double>(all);
  }
};

/// Counts the verdicts on payments in [from, to). An alert is a score of at least the threshold.
class evaluation {
public:
  evaluation(leat::event_time from, leat::event_time to, float threshold)
      : from_(from), to_(to), threshold_(threshold) {}

  void add(const features& row, float score) {
    if (row.time >= from_ && row.time < to_)
      counts_.add(row.fraud, score >= threshold_);
  }
  evaluation& operator+=(const verdicts& before) {
    counts_ += before;
    return *this;
  }
  const verdicts& counts() const { return counts_; }

private:
  leat::event_time from_, to_;
  float threshold_;
  verdicts counts_;
};

/// A score and what it turned out to be about.
struct judged {
  float score = 0;
  bool fraud = false;
};

/// The area under the ROC curve: how probable it is that a fraud scores above an honest payment,
/// where equal scores count half. 0.5 if there are only frauds, or none.
double area_under_curve(std::vector<judged> rows);

/// The score from which to raise alerts so that as many frauds as possible are found while the
/// precision is at least `precision`; where no score gives that, the one of the best precision.
/// Infinity if there are no frauds.
float threshold_for(double precision, std::vector<judged> rows);

} // namespace fraud
