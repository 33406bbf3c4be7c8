// How a process that was started as a worker learns so: by its environment, and by the sockets that
// it inherits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// Which node of a cluster a worker is, and how it reaches the others.
struct worker_invitation {
  std::uint64_t term = 1; ///< of the job's attempt
  std::size_t node = 0;
  /// A connected socket to each other node, in the order of their numbers: the first one leads to
  /// the coordinator. No other process can have its far end, so nobody has to prove who it is.
  std::vector<int> links;

  /// "LEAT_JOIN=TERM:NODE:SOCKET:SOCKET...", for the environment of a worker.
  std::string as_variable() const;
  /// What such a variable says; nothing if it makes no sense.
  static std::optional<worker_invitation> parse(std::string_view value);
  /// What this process was told; nothing if it is no worker. Read once: what a worker starts is no
  /// worker. From the first call on a worker ends with its coordinator.
  static std::optional<worker_invitation> of_this_process();
};

/// The arguments of this process, each with a zero behind it, and a hash of its program, which the
/// first call reads.
std::string own_arguments();
std::uint64_t own_build();

} // namespace leat
