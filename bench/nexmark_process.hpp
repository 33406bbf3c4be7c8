// Queries of Nexmark, each in a process of its own: what an earlier one has left in the allocator
// would be felt for seconds.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

/// Nanoseconds of CPU an event.
struct nexmark_figures {
  double query = 0;     ///< of all threads; the generator is part of it
  double generator = 0; ///< by itself
};

/// Runs a query over so many events; throws what it printed if it failed.
nexmark_figures run_nexmark(const std::string& query, std::uint64_t events);

} // namespace bench
