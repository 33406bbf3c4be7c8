// The few operations on files that checkpoints need. Behind an interface, so that the simulation
// can lose what was not synced.
#pragma once

#include <leat/error.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// A file that is being written. Closed by its destructor, which syncs nothing.
class new_file {
public:
  virtual ~new_file() = default;
  virtual result<void> append(std::string_view bytes) = 0;
  /// Waits until the disk has the content; its name needs sync_folder. An error is final: a later
  /// success would mean nothing, so the file has to be given up.
  virtual result<void> sync() = 0;
};

/// Held until it is destroyed, or until the process ends.
class file_lock {
public:
  virtual ~file_lock() = default;
};

/// Errors name the path and the reason.
class file_system {
public:
  virtual ~file_system() = default;

  /// Makes a folder in one that exists. No error if it is there.
  virtual result<void> make_folder(const std::string& path) = 0;
  /// Creates a file; an error if it exists.
  virtual result<std::unique_ptr<new_file>> create(const std::string& path) = 0;
  /// Gives the file another name, atomically. False if that name is taken. After an error the name
  /// may have been given.
  virtual result<bool> link(const std::string& file, const std::string& name) = 0;
  /// Removes a file, or an empty folder. No error if there is none.
  virtual result<void> remove(const std::string& path) = 0;
  /// Waits until the disk has the names in a folder. An error is final, as for new_file::sync.
  virtual result<void> sync_folder(const std::string& path) = 0;

  /// The whole file.
  virtual result<std::string> read(const std::string& path) = 0;
  /// The names in a folder, sorted.
  virtual result<std::vector<std::string>> list(const std::string& path) = 0;

  /// Locks a file and writes `holder` into it. While another holds the lock, an error with what
  /// that one wrote; null where the file system has no locks.
  virtual result<std::unique_ptr<file_lock>> lock(const std::string& path,
                                                  const std::string& holder) = 0;
};

/// The error for a file or folder that cannot be read, from a code of errno.
error read_error(const std::string& path, int code);

/// The error for a file that is locked by this holder.
error locked_error(const std::string& path, const std::string& holder);

/// The folder that a path lies in.
std::string folder_of(const std::string& path);

/// A text as part of a file's name: '/', '%' and control characters become "%2F" and so on.
std::string file_name_of(std::string_view text);

/// Creates a file with this content and syncs it. On an error what there is of it is removed.
result<void> write_synced(file_system& files, const std::string& path, std::string_view content);

/// Has a file that never changes under another name too: by a link, or by a copy where there can be
/// none. A file that has the name already is taken for it.
result<void> link_or_copy(file_system& files, const std::string& file, const std::string& name);

} // namespace leat
