// How a worker on another host comes into a job.
#pragma once

#include <leat/internal/cluster/join_protocol.hpp>
#include <leat/internal/cluster/worker.hpp>

#include <functional>
#include <map>

namespace leat {

/// How a worker joins.
struct join_settings {
  node_address coordinator;
  std::optional<node_address> listen; ///< for other workers; by default where it reaches the
                                      ///< coordinator from, at any port
  std::uint32_t slots = 1;
  std::vector<std::string> labels;
  std::string cache; ///< a folder for files that coordinators send
};

/// What a worker has joined.
struct joined_job {
  worker_role role;
  std::vector<std::string> arguments;       ///< of the command that it is to run
  std::map<std::string, std::string> files; ///< from paths among these to where they are here
};

/// Joins the coordinator, waits until it has all its workers, fetches the files that are lacking,
/// and connects with the others. While nobody listens it tries again, and tells so.
result<joined_job> join_cluster(const join_settings& how, const credentials& by,
                                const std::function<void(std::string)>& tell);

} // namespace leat
