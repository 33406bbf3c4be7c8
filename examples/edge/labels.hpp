// What is known of streams: when something was the matter.
#pragma once

#include <leat/error.hpp>
#include <leat/time.hpp>

#include <map>
#include <string>
#include <vector>

namespace edge {

/// A stretch of time in which something was the matter, both ends included.
struct anomaly {
  leat::event_time from, to;
};

/// By "folder/file.csv".
using labels = std::map<std::string, std::vector<anomaly>>;

/// Reads labels as the Numenta Anomaly Benchmark writes them in labels/combined_windows.json:
/// {"folder/file.csv": [["2014-04-10 07:15:00.000000", "2014-04-11 16:45:00.000000"], ...], ...}.
/// Errors name the file.
leat::result<labels> read_labels(const std::string& path);

} // namespace edge
