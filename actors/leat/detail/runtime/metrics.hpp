// A subtask's metrics as bytes, for a job that runs in another process.
#pragma once

#include <leat/detail/runtime/subtask.hpp>

namespace leat {

/// All metrics at this moment. Thread-safe.
std::string encode_metrics(const subtask_metrics& m);

/// Replaces all metrics by those that were encoded; false, and perhaps some replaced, if these are
/// no such bytes. To be called by one thread at a time.
bool apply_metrics(std::string_view bytes, subtask_metrics& m);

} // namespace leat
