// What a reading looks like to one who knows its sensor.
#pragma once

#include "records.hpp"

#include <leat/operator.hpp>

#include <algorithm>
#include <cmath>

namespace edge {

/// The past of one sensor, in 56 bytes however long it is.
class sensor_past {
public:
  /// The reading against what was remembered before it.
  view look_at(const reading& r) const {
    const double n = std::max(static_cast<double>(readings_), 1.0);
    return {r.sensor,
            r.timestamp,
            r.value,
            readings_,
            readings_ == 0 ? r.value : level_,
            above_,
            below_,
            mean_,
            std::sqrt(squares_ / n)};
  }

  void remember(const reading& r) {
    ++readings_;
    const double n = static_cast<double>(readings_);
    const double off = readings_ == 1 ? 0 : r.value - level_;
    if (readings_ > settling) {
      above_ = std::max(above_ * kept, off);
      below_ = std::max(below_ * kept, -off);
    }
    level_ = readings_ == 1 ? r.value : level_ + std::max(reach, 1 / n) * off;
    const double from_mean = r.value - mean_; // Welford's way to a variance
    mean_ += from_mean / n;
    squares_ += from_mean * (r.value - mean_);
  }

private:
  static constexpr std::int64_t settling = 50; ///< the level is not to be trusted before
  static constexpr double reach = 1.0 / 8;     ///< of a reading into the level
  static constexpr double kept = 1 - 1e-4;     ///< of an extreme, from reading to reading

  std::int64_t readings_ = 0;
  double level_ = 0;
  double above_ = 0;
  double below_ = 0;
  double mean_ = 0;
  double squares_ = 0;

public:
  static constexpr auto fields = leat::fields(
      "sensor_past", leat::field("readings", &sensor_past::readings_),
      leat::field("level", &sensor_past::level_), leat::field("above", &sensor_past::above_),
      leat::field("below", &sensor_past::below_), leat::field("mean", &sensor_past::mean_),
      leat::field("squares", &sensor_past::squares_));
};

/// An operator keyed by sensor. A value that is not a number is a dead letter, or the sensor's
/// figures were none ever after.
struct sensor_history {
  using output_type = view;

  leat::value_state<sensor_past> past;

  void open(leat::setup& setup) { past = setup.value<sensor_past>("past"); }

  leat::result<void> process(const reading& r, leat::emitter<view>& out, leat::context& ctx) {
    if (!std::isfinite(r.value))
      return leat::user_error("the value is not a finite number");
    sensor_past& sensor = ctx.edit(past);
    out(sensor.look_at(r));
    sensor.remember(r);
    return {};
  }
};

} // namespace edge
