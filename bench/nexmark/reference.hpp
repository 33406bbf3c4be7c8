// What each query should give, computed the plainest way: over all events at once, in one thread,
// without Leat. Where SQL leaves the order of equals open, it is that of their other fields.
#pragma once

#include "events.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nexmark {

/// The results of a query as final_results() returns them. Of q12, whose windows follow the clock,
/// those of a single window that holds all. The query must have a reference.
std::vector<std::string> reference(std::string_view query, std::span<const event> events);

/// The names of the queries that have a reference, also of those that have no graph yet.
std::vector<std::string_view> referenced_queries();

} // namespace nexmark
