// The files that sources and sinks use: a graph in which one would overwrite another is refused
// before the start.
#pragma once

#include <string>

namespace leat {

/// A file that a source reads or a sink writes. Sources list theirs by `inputs()`, sinks by
/// `targets(context)`, both optional.
struct file_use {
  std::string path;
  bool shared = false; ///< several may use it at once, such as the tables of a database
  bool folder = false; ///< it is a folder, and all files in it are meant
};

/// The absolute path with symbolic links resolved, also if the target does not exist yet. The path
/// itself if that fails.
std::string canonical_path(const std::string& path);

} // namespace leat
