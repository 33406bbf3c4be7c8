// Windows of event time, by hand and in a graph.
#pragma once

#include <cstdint>

namespace bench {

/// A sum by key for each second of event time, with some hundred records of each key in it that are
/// up to a millisecond out of order. Both check that no record is lost.

/// One loop, two tables with open addressing, a watermark; returns nanoseconds of CPU a record.
double window_by_hand(std::uint64_t count);
/// The same as a graph, with one worker.
double window_cpu(std::uint64_t count);

/// Nanoseconds of CPU a record of a sum by key over windows of an hour, a hundred records of each
/// of ten keys a second. `sliding`: each second, else one after the other.
double hour_window_cpu(bool sliding, std::uint64_t count);

} // namespace bench
