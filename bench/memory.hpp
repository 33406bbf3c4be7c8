// What a slow sink does to memory and speed.
#pragma once

#include <cstdint>

namespace bench {

/// Resident memory of this process, in MiB.
double resident_mib();

struct slow_sink_figures {
  double growth_mib = 0;             ///< highest resident memory over that after warm-up
  double share_of_what_it_takes = 0; ///< records/s over one record a microsecond
};

/// A fast source before a sink that takes a microsecond for each record.
slow_sink_figures slow_sink(std::uint64_t count);

} // namespace bench
