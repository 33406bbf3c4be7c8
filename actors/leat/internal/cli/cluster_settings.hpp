// The options of the commands `coordinator` and `worker`, and what they mean.
#pragma once

#include <leat/internal/cluster/joining.hpp>
#include <leat/options.hpp>

namespace leat {

/// Of both: who this node is.
struct node_settings {
  std::string certificates;
  std::string name;
  std::string lost_after = "2s";

  void declare(option_set& options);
  result<credentials> load() const;
  /// Errors name the option.
  result<std::chrono::milliseconds> silence() const;
};

struct coordinator_settings : node_settings {
  std::string listen;
  std::uint64_t workers = 0;
  std::string file_limit = "4GiB";
  std::string fewer_after;

  coordinator_settings() { name = coordinator_name; }
  void declare(option_set& options);
  /// Errors name the option.
  result<node_address> address() const;
  result<void> check() const;
  result<std::uint64_t> file_bytes() const;
  /// How long to wait for all workers after a loss; nothing: until they are there.
  result<std::optional<std::chrono::milliseconds>> patience_after_loss() const;
};

struct worker_settings : node_settings {
  std::string join;
  std::string coordinator = std::string(coordinator_name);
  std::string listen;
  std::uint64_t slots = 1;
  std::vector<std::string> labels;
  std::string cache;
  std::string cache_cap = "16GiB";

  void declare(option_set& options);
  /// Errors name the option.
  result<join_settings> settings() const;
};

} // namespace leat
