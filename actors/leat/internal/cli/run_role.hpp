// As what a process runs a graph: alone, or as one of several nodes.
#pragma once

#include <leat/internal/cluster/lobby.hpp>
#include <leat/internal/cluster/worker.hpp>

#include <map>

namespace leat {

/// By default alone, or with workers on this host if the options say so.
struct run_role {
  /// Of a coordinator: where it gathers so many workers.
  lobby* workers_from = nullptr;
  std::size_t workers = 0;
  shared_command what = {};

  /// Of a worker: its place, and where the files are that it was sent.
  std::optional<worker_role> worker = {};
  bool* another_attempt = nullptr; ///< set to true if the worker is to join anew
  std::map<std::string, std::string> files = {};
};

} // namespace leat
