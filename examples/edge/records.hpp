// The records of the edge example: reading -> view -> alert.
#pragma once

#include <leat/record.hpp>
#include <leat/time.hpp>

#include <cstdint>
#include <string>

namespace edge {

/// What a sensor said.
struct reading {
  std::string sensor;
  leat::event_time timestamp;
  double value = 0;

  static constexpr auto fields = leat::fields("reading", leat::field("sensor", &reading::sensor),
                                              leat::field("timestamp", &reading::timestamp),
                                              leat::field("value", &reading::value));
};

/// A reading seen against what its sensor said before. All figures but `value` are of the past
/// alone.
struct view {
  std::string sensor;
  leat::event_time timestamp;
  double value = 0;
  std::int64_t readings = 0; ///< of this sensor so far
  double level = 0;          ///< their moving average
  double highest_above = 0;  ///< how far a reading came to lie above the level, slowly forgotten
  double highest_below = 0;  ///< likewise below it
  double mean = 0;           ///< of all readings
  double deviation = 0;      ///< their standard deviation

  static constexpr auto fields = leat::fields(
      "view", leat::field("sensor", &view::sensor), leat::field("timestamp", &view::timestamp),
      leat::feature("value", &view::value), leat::feature("readings", &view::readings),
      leat::feature("level", &view::level), leat::feature("highest_above", &view::highest_above),
      leat::feature("highest_below", &view::highest_below), leat::feature("mean", &view::mean),
      leat::feature("deviation", &view::deviation));
};

/// Something is the matter with a sensor, or with what it measures.
struct alert {
  std::string sensor;
  leat::event_time timestamp;
  double value = 0;
  double expected = 0; ///< the level before it
  float score = 0;

  static constexpr auto fields =
      leat::fields("alert", leat::field("sensor", &alert::sensor),
                   leat::field("timestamp", &alert::timestamp), leat::field("value", &alert::value),
                   leat::field("expected", &alert::expected), leat::field("score", &alert::score));

  friend bool operator==(const alert&, const alert&) = default;
};

} // namespace edge
