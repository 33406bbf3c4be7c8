// The command `describe`.
#pragma once

#include <leat/internal/cli/console.hpp>
#include <leat/internal/cli/graph_maker.hpp>
#include <leat/internal/cli/plan_settings.hpp>

namespace leat {

/// As they are given on the command line.
struct describe_settings : plan_settings {
  std::string format = "text";

  void declare(option_set& options);
};

/// Prints a graph as it would be run. All its faults are told instead, if it has any.
exit_code describe_command(const graph_maker& make, const describe_settings& settings,
                           const console& to);

} // namespace leat
