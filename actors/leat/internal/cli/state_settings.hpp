// The options that say where keyed state lies. They are there if the program offers a choice.
#pragma once

#include <leat/options.hpp>
#include <leat/state_backend.hpp>

#include <map>

namespace leat {

/// What a program offers, by name.
using offered_states = std::map<std::string, make_state_backend>;

/// As they are given on the command line.
struct state_settings {
  offered_states offered;
  std::string state = "memory";
  std::string memory = "256MiB";

  void declare(option_set& options);

  /// Null: in memory. Errors name the option.
  result<std::shared_ptr<state_backend>> backend() const;
};

} // namespace leat
