// Which workers on other hosts have fallen silent. A process that is stopped keeps its connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace leat {

/// Given, ten times a second, how much has come from each worker, finds those from which nothing
/// has come for so long. Looks are counted, not time: while this process is stopped itself,
/// none are made.
class silence {
public:
  explicit silence(std::chrono::milliseconds limit);

  /// By worker, from 0.
  std::vector<std::size_t> look(const std::vector<std::uint64_t>& received);

private:
  struct worker {
    std::uint64_t received = 0;
    std::int64_t silent_looks = 0;
  };
  const std::int64_t most_silent_looks_;
  std::vector<worker> workers_;
};

} // namespace leat
