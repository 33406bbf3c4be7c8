// How a worker on another host comes into a job.
#pragma once

#include <leat/internal/cluster/file_cache.hpp>
#include <leat/internal/cluster/lifeline.hpp>
#include <leat/internal/cluster/worker.hpp>

#include <functional>
#include <map>

namespace leat {

/// How a worker joins.
struct join_settings {
  node_address coordinator;
  /// Its name, as its certificate must say.
  std::string coordinator_node = std::string(coordinator_name);
  /// For other workers; by default where it reaches the coordinator from, at any port. That host is
  /// also what others are told if it listens on all addresses.
  std::optional<node_address> listen = {};
  std::uint32_t slots = 1;
  std::vector<std::string> labels;
  std::string cache;                                 ///< a folder for files that coordinators send
  std::uint64_t cache_cap = std::uint64_t{16} << 30; ///< bytes that are kept there
  /// With others that are there, for each message.
  std::chrono::milliseconds patience = std::chrono::seconds{30};
  /// Lets this process end with the other end of the socket, once the worker is part of a job.
  std::function<void(int socket)> end_with = hold_lifeline;
};

/// What a worker has joined.
struct joined_job {
  worker_role role;
  std::vector<std::string> arguments;       ///< of the command that it is to run
  std::map<std::string, std::string> files; ///< from paths among these to where they are here
  file_cache cache;                         ///< keeps them there
};

/// Joins the coordinator, waits until it has all its workers, fetches the files that are lacking,
/// and connects with the others. While nobody listens it tries again, and tells so. From then on
/// the coordinator hears that this worker lives, until run_worker() or give_up().
result<joined_job> join_cluster(const join_settings& how, const credentials& by,
                                const std::function<void(std::string)>& tell);

} // namespace leat
