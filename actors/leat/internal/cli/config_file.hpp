// Options in a file instead of on the command line.
#pragma once

#include <leat/error.hpp>

#include <string>
#include <vector>

namespace leat {

/// One key of a configuration file, as the command line would have it.
struct config_value {
  std::string key;   ///< an option's long name without its dashes
  std::string stage; ///< of a key in the table of a stage; else empty
  std::vector<std::string> values;
  bool is_bool = false; ///< the value is true or false
  std::string place;    ///< "job.toml:3:9"
};

/// Reads a TOML file, in the order of its lines:
///
///   input = "payments.csv"       # --input payments.csv
///   parallelism = 4              # --parallelism 4
///   quiet = true                 # --quiet
///   [stage.pane]
///   window = "batch"             # --window pane=batch
///
/// A value is a text, a number, true or false, or a list of texts and numbers. Errors name file,
/// line and column.
result<std::vector<config_value>> read_config(const std::string& path);

} // namespace leat
