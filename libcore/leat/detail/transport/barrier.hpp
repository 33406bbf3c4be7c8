// A barrier cuts the stream into epochs. It enters at all sources, travels in-band between records,
// is aligned where inputs meet, and carries the commands that take effect there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// The stretch between two barriers; numbers are never used twice in a job's life.
using epoch = std::uint64_t;

/// What a stage is to do at a barrier. Only the stages know verbs, each its own.
struct command {
  std::string stage;   ///< empty: for each stage that takes the verb
  std::string verb;    ///< "stop", "batching", ...
  std::string payload; ///< as the verb reads it

  /// True if it is for a stage of this name, which takes these verbs.
  bool is_for(std::string_view name, const std::vector<std::string>& verbs) const {
    return (stage.empty() || stage == name) &&
           std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
  }
  friend bool operator==(const command&, const command&) = default;
};

struct barrier {
  leat::epoch epoch = 0;
  std::vector<command> commands;
};

} // namespace leat
