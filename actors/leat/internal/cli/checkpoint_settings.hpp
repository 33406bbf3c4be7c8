// The options of checkpoints, and what they mean.
#pragma once

#include <leat/job.hpp>
#include <leat/options.hpp>

namespace leat {

/// As they are given on the command line.
struct checkpoint_settings {
  std::string folder = {};
  std::string interval = "1s";
  std::string pause = {};
  std::string timeout = "10min";
  std::uint64_t kept = 3;
  std::string restore = "latest";
  std::string stop_savepoint = {};
  bool allow_non_restored_state = false;

  void declare(option_set& options);

  /// Errors name the option.
  result<checkpoint_options> options() const;
};

} // namespace leat
