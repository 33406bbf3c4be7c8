// How a process that was started as a worker learns so: by its environment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leat {

/// Where a worker reports, as which node, and what proves that it was asked to.
struct join_order {
  std::uint16_t port = 0; ///< of the coordinator, on this host
  std::size_t node = 0;
  std::string token;

  /// "LEAT_JOIN=PORT:NODE:TOKEN", for the environment of a worker.
  std::string as_variable() const;
  /// What such a variable says; nothing if it makes no sense.
  static std::optional<join_order> parse(std::string_view value);
  /// What this process was told; nothing if it is no worker. Read once: what a worker starts is no
  /// worker.
  static std::optional<join_order> of_this_process();
};

/// The arguments of this process, and a hash of its program: workers must have been started alike.
std::string own_arguments();
std::uint64_t own_build();

} // namespace leat
