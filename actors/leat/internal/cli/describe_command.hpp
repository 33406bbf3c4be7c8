// The command `describe`.
#pragma once

#include <leat/internal/cli/console.hpp>
#include <leat/internal/cli/graph_maker.hpp>
#include <leat/internal/cli/plan_settings.hpp>
#include <leat/internal/cluster/placement.hpp>

namespace leat {

/// As they are given on the command line.
struct describe_settings : plan_settings {
  std::string format = "text";
  bool placement = false;
  std::vector<std::string> nodes;

  void declare(option_set& options);

  /// The nodes of --node, or else the workers of --local-cluster. Errors name the option.
  result<std::vector<node_description>> described_nodes() const;
  /// Where stages may run: with --node on other hosts. Errors name the option.
  result<placement_rules> rules() const;
};

/// Prints a graph as it would be run, or where. All its faults are told instead, if it has any.
exit_code describe_command(const graph_maker& make, const describe_settings& settings,
                           const console& to);

} // namespace leat
