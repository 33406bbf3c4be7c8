// Trains the model from payments whose truth is known.
#pragma once

#include "evaluation.hpp"
#include "records.hpp"

#include <leat/error.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fraud {

struct training_report {
  std::int64_t payments = 0;  ///< trained on: those of all days but the last two
  std::int64_t frauds = 0;    ///< among them
  float threshold = 0;        ///< a score of at least this is an alert
  verdicts chosen_on;         ///< what the threshold does on the last day but one
  leat::event_time test_from; ///< the last day, [from, to)
  leat::event_time test_to;
  verdicts test;  ///< what it does there, of which training saw nothing
  double auc = 0; ///< on the last day
};

/// Rows of one day as XGBoost reads them.
struct day_of_rows {
  std::vector<float> inputs; ///< row by row
  std::vector<float> frauds; ///< 1 or 0 for each row
};

/// Collects feature rows and trains XGBoost on them: 4 bytes per feature and row until `finish`.
/// Not thread-safe. Equal rows in equal order give an equal model file, on the same machine.
class trainer {
public:
  void add(const features& row);

  /// Trains on all days (of UTC) but the last two. On the last but one it chooses the threshold
  /// that finds most frauds with three alerts of four right; on the last it tests. Training looks
  /// back: it uses labels that were not yet known at the end of its days.
  ///
  /// Writes the model as JSON; the file appears when it is complete. It knows its features' names
  /// and holds the attributes
  ///   threshold           the shortest decimal that reads back as the same float
  ///   test_from, test_to  the bounds of the last day, in microseconds since 1970
  /// Errors: too few days, no fraud where one is needed, a path that cannot be written.
  leat::result<training_report> finish(const std::string& model_path) const;

private:
  std::map<std::int64_t, day_of_rows> days_; ///< by day since 1970
};

} // namespace fraud
