// Jobs on several nodes: processes of this program, started by the commands that a user would type.
#pragma once

#include "sent.hpp"
#include "temporary_folder.hpp"

#include <cstdint>
#include <fmt/format.h>
#include <string>

namespace bench {

/// Of so many records one comes out of the keyed graph.
constexpr std::uint64_t few = 16;

/// The graphs that nodes run.
enum class node_graph {
  edge,    ///< source -> sink at the coordinator
  shuffle, ///< source -> by key -> two subtasks at the coordinator, which add up what they get
  keyed    ///< two keyed stages in stamp order; one record of `few` goes on to the coordinator
};

struct node_job {
  node_graph graph;
  std::uint64_t records = 0;
  std::size_t parallelism = 1; ///< of keyed stages
  double rate = 0;             ///< records/s; 0: as fast as it can
};

struct node_figures {
  double per_second = 0; ///< records, from the first arrival to the last
  /// Of processes, from their start to their end. Workers of one host count for the coordinator,
  /// which starts them.
  double coordinator_cpu_seconds = 0;
  double workers_cpu_seconds = 0;
  message_counts sent; ///< from node to node, over sockets of one host

  double cpu_seconds() const { return coordinator_cpu_seconds + workers_cpu_seconds; }
};

/// Runs a job in one process and so many workers on this host; without workers, in that one alone.
/// Throws if a process fails, with what it printed, or if not exactly the right records arrived.
node_figures run_locally(const node_job& job, std::size_t workers);

/// The certificates of a coordinator and of workers, in a folder that lives as long as this.
class certificates {
public:
  explicit certificates(std::size_t workers);

  const std::string& folder() const { return folder_.path(); }

  static constexpr const char* coordinator = "coordinator";
  static std::string worker(std::size_t number) { return fmt::format("worker-{}", number); }

private:
  temporary_folder folder_;
};

/// Runs a job on a coordinator and workers that join it over TLS on loopback, with certificates for
/// at least as many.
node_figures run_over_tls(const node_job& job, std::size_t workers, const certificates& by);

/// Nanoseconds of CPU a record, in all processes, of two keyed stages of four subtasks each.
/// Without what it takes to start and to end them.
double keyed_nanoseconds(std::uint64_t count, std::size_t workers);

/// What `bench nodes` does: a leat::program with these graphs. Its exit code.
int nodes_main(int argc, char** argv);

} // namespace bench
