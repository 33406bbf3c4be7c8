// From scores to alerts: one for each episode, not one for each reading of it.
#pragma once

#include "records.hpp"

#include <leat/model.hpp>
#include <leat/operator.hpp>

namespace edge {

/// An operator keyed by sensor. A score of at least `threshold` raises an alert, unless there was
/// one among the sensor's latest `quiet` readings.
struct episodes {
  using output_type = alert;

  float threshold = 0;
  std::int64_t quiet = 60;

  struct counts {
    std::int64_t readings = 0;
    std::int64_t last_high = 0; ///< the number of that reading; 0: none yet
    static constexpr auto fields =
        leat::fields("counts", leat::field("readings", &counts::readings),
                     leat::field("last_high", &counts::last_high));
  };
  leat::value_state<counts> state = {};

  void open(leat::setup& setup) { state = setup.value<counts>("episode"); }

  void process(const leat::scored<view>& s, leat::emitter<alert>& out, leat::context& ctx) {
    counts& c = ctx.edit(state);
    ++c.readings;
    if (s.score < threshold)
      return;
    if (c.last_high == 0 || c.readings - c.last_high > quiet)
      out({s.record.sensor, s.record.timestamp, s.record.value, s.record.level, s.score});
    c.last_high = c.readings;
  }
};

} // namespace edge
