// The options of the commands `coordinator` and `worker`, and what they mean.
#pragma once

#include <leat/internal/cluster/joining.hpp>
#include <leat/options.hpp>

namespace leat {

/// Of both: who this node is.
struct node_settings {
  std::string certificates;
  std::string name;

  void declare(option_set& options);
  result<credentials> load() const;
};

struct coordinator_settings : node_settings {
  std::string listen;
  std::uint64_t workers = 0;

  coordinator_settings() { name = "coordinator"; }
  void declare(option_set& options);
  /// Errors name the option.
  result<node_address> address() const;
  result<void> check() const;
};

struct worker_settings : node_settings {
  std::string join;
  std::string listen;
  std::uint64_t slots = 1;
  std::vector<std::string> labels;
  std::string cache;

  void declare(option_set& options);
  /// Errors name the option.
  result<join_settings> settings() const;
};

} // namespace leat
