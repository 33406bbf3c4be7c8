// Workers on this host: processes of this program, connected by sockets that they inherit.
#pragma once

#include <leat/internal/cluster/worker_group.hpp>
#include <leat/internal/cluster/worker_processes.hpp>

namespace leat {

/// Of one thread.
class local_workers final : public worker_group {
public:
  /// Starts so many.
  static result<std::unique_ptr<worker_group>> start(std::size_t count, std::uint64_t term);

  const std::vector<node_description>& nodes() const override { return nodes_; }
  bool on_other_hosts() const override { return false; }
  std::vector<std::size_t> silent() override { return {}; }
  std::vector<connection> take_links() override { return std::exchange(links_, {}); }
  std::optional<error> first_ended() override { return processes_.first_ended(); }
  worker_processes* processes() override { return &processes_; }

private:
  explicit local_workers(std::size_t count) : nodes_(local_nodes(count)) {}
  result<void> start_processes(std::uint64_t term);

  std::vector<node_description> nodes_;
  std::vector<connection> links_;
  worker_processes processes_;
};

} // namespace leat
