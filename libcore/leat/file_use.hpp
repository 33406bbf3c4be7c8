// Which files the ends of a graph use, so that those that would destroy each other are refused
// before the start.
#pragma once

#include <string>

namespace leat {

/// A file that a source reads or a sink writes. Sources list theirs by `inputs()`, sinks by
/// `targets(subtasks)`, both optional.
struct file_use {
  std::string path;
  bool shared = false; ///< it may be used by several at once, as the tables of a database
};

/// Where a path leads: absolute, and through symbolic links, also one whose target does not exist
/// yet. The path itself where that cannot be found out.
std::string canonical_path(const std::string& path);

} // namespace leat
