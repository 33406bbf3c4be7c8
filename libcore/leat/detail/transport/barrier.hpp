// A barrier cuts the stream into epochs. It enters at all sources, travels in-band between records,
// is aligned where inputs meet, and carries the commands that take effect there.
#pragma once

#include <leat/batching.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace leat {

/// The stretch between two barriers; numbers are never used twice in a job's life.
using epoch = std::uint64_t;

/// End the job here: sources stop reading, everything before the barrier is completed.
struct stop_command {};

/// Swap the batching of a windowing stage.
struct batching_command {
  std::string stage;
  any_batching batching;
};

using command = std::variant<stop_command, batching_command>;

struct barrier {
  leat::epoch epoch = 0;
  std::vector<command> commands;

  bool stops() const {
    for (const command& c : commands)
      if (std::holds_alternative<stop_command>(c))
        return true;
    return false;
  }
};

} // namespace leat
