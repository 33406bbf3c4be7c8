// Writes synthetic streams of sensors, with labelled anomalies.
#pragma once

#include <leat/error.hpp>

#include <cstdint>
#include <string>

namespace edge {

struct generate_options {
  std::string folder;           ///< for the files, as `edge evaluate` reads them
  std::int64_t sensors = 20;    ///< 1 to 10 000
  std::int64_t readings = 4000; ///< of each, 1000 to ten million
  std::uint64_t seed = 1;
};

/// Writes FOLDER/data/made/sensor-N.csv, a reading every five minutes, and
/// FOLDER/labels/combined_windows.json. A sensor's values have a level, a daily wave and noise;
/// in its second and last third there is an anomaly each: a spike, a step that stays, or noise many
/// times as strong. Equal options give equal files. Errors: numbers out of range, a folder that
/// cannot be written.
leat::result<void> generate(const generate_options& options);

} // namespace edge
