// When a job that has failed is tried again, as text.
#pragma once

#include <leat/job.hpp>

namespace leat {

/// fail; fixed:N,DELAY; exponential:N,FIRST,LONGEST.
result<restart_options> parse_restart(std::string_view text);

} // namespace leat
