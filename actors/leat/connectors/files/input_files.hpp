// The files that a source reads.
#pragma once

#include <leat/error.hpp>
#include <leat/file_use.hpp>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// The error for a file that cannot be opened, from a code of errno.
error open_error(const std::string& path, int code);

/// A list of files: each item is a path, or a pattern as in a shell (* ? [..]) for all files that
/// match it, sorted by the bytes of their names, and parts of an output by epoch. An item that
/// names an existing file is a path, whatever its characters. The order of items is the order of
/// the files.
///
/// Patterns are looked up once, here: all subtasks see the same list, without files that are
/// created later. A pattern that nothing matches stands for itself; check() reports it, and a file
/// that is given twice.
class input_files {
public:
  input_files(const char* item);
  input_files(std::string item);
  input_files(std::initializer_list<const char*> items);
  input_files(std::vector<std::string> items);

  const std::vector<std::string>& paths() const { return paths_; }
  std::vector<file_use> uses() const;

  /// Finds faults before the first record: in the list, in the way to each file, and by `try_file`,
  /// which opens one and looks at its start. Pipes and devices are not opened, since what is read
  /// of them is gone. Returns the first fault, with the number of further files that have one.
  result<void> check(const std::function<result<void>(const std::string&)>& try_file) const;

private:
  void add(const std::string& item);
  void add_matches(const std::string& pattern);
  void fault(error e);
  result<void> check_list() const;

  std::vector<std::string> paths_;
  std::optional<error> fault_; ///< the first one found in the patterns
};

} // namespace leat
