// An edge of the plan as the subtasks see it that it leads to.
#pragma once

#include <leat/detail/transport/frame_codec.hpp>

namespace leat {

/// What a composition by hand does not know of its edges stays as it is here.
struct input_edge {
  std::size_t input = 0;            ///< of the stage
  std::string from = "unknown";     ///< the stage that feeds it
  std::string type = "unknown";     ///< of the records
  const row_codec* codec = nullptr; ///< null if they cannot be encoded
};

/// By channel of a subtask; channels of one edge share it.
using input_edges = std::vector<std::shared_ptr<const input_edge>>;

} // namespace leat
