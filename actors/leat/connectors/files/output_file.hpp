// A file that appears under its name only when it is complete.
#pragma once

#include <leat/error.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// The error for a file that cannot be written, from a code of errno.
error write_error(const std::string& path, int code);

/// Makes the names in a folder as durable as the files. Returns 0, or a code of errno.
int sync_folder(const std::string& folder);

/// Writes "<path>.partial-<process id>-<n>" beside the target and gives it the target's name at
/// commit(), replacing a file of that name. Without commit() the temporary file is removed by the
/// destructor, and stays behind only when the process is killed. It is locked while it is written,
/// so leftovers can be told from files that a living process writes. One thread at a time; writing
/// blocks.
///
/// Errors name the file. The first one is final: the content of the file is unknown after it, so
/// every later call returns it again.
class output_file {
public:
  /// Creates the temporary file. An existing target must be a regular file; if it is a symbolic
  /// link, the file it leads to is replaced or created.
  static result<output_file> create(const std::string& path);

  /// Removes temporary files for this target that killed processes have left behind. Returns their
  /// names.
  static std::vector<std::string> remove_leftovers(const std::string& path);

  output_file(output_file&& other) noexcept;
  output_file& operator=(output_file&& other) noexcept;
  ~output_file();

  /// Appends bytes. They are written in blocks of 256 KiB.
  result<void> append(std::string_view bytes) {
    if (error_ || bytes.size() > block - buffer_.size())
      return append_block(bytes);
    buffer_ += bytes;
    return {};
  }

  /// Writes what is still in the buffer: readers of the temporary file see it, a power cut may lose
  /// it.
  result<void> flush();

  /// Writes everything and waits until the disk has it.
  result<void> prepare();
  /// Gives the file its name, durably. Only after prepare(), with nothing appended since; nothing
  /// can be appended afterwards.
  result<void> commit();
  /// Both.
  result<void> complete();
  /// The same, but gives it the name of another target in the same folder.
  result<void> complete_as(std::string path);

  /// The target.
  const std::string& path() const { return path_; }
  /// The name while the file is incomplete.
  const std::string& temporary_path() const { return temporary_; }

private:
  static constexpr std::size_t block = 256 * 1024;

  output_file(std::string name, std::string path, std::string temporary, int file);

  result<void> append_block(std::string_view bytes);
  result<void> write(std::string_view bytes);
  result<void> fail(int code);
  void discard();

  std::string name_; ///< as it was given: errors have it
  std::string path_;
  std::string temporary_;
  int file_; ///< -1 once complete or moved from
  std::string buffer_;
  std::optional<error> error_;
};

} // namespace leat
