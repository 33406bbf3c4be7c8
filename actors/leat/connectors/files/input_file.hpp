// A file, pipe, terminal or socket that is read from. Waiting for its bytes can be ended from
// another thread.
#pragma once

#include <leat/error.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <sys/types.h>
#include <utility>

namespace leat {

/// Whether reading this path may block: true of pipes, terminals and devices, false of regular
/// files and of paths that do not exist.
bool may_wait(const std::string& path);

/// Asks readers to stop waiting, now and later. Thread-safe.
class read_stop {
public:
  read_stop();
  ~read_stop();
  read_stop(const read_stop&) = delete;
  read_stop& operator=(const read_stop&) = delete;

  void request() const;
  bool requested() const;
  /// Readable once it was requested.
  int descriptor() const { return descriptor_; }

private:
  int descriptor_;
};

class input_file {
public:
  /// Opens a path; a pipe without a writer opens at once and is waited for when it is read. Errors
  /// (missing, a folder, no permission) name the file.
  static result<input_file> open(const std::string& path,
                                 std::shared_ptr<const read_stop> stop = {});
  /// Takes over an open socket or pipe.
  static input_file adopt(int descriptor) { return {descriptor, true, {}}; }

  input_file(input_file&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), waits_(other.waits_),
        stop_(std::move(other.stop_)) {}
  input_file& operator=(input_file&& other) noexcept;
  ~input_file();

  /// Reads up to `size` bytes and returns how many: 0 at the end of the file, or when asked to
  /// stop; below 0 for an error, which is in errno.
  ssize_t read(void* to, std::size_t size);
  /// Goes to this byte. An error, which names `path`, if the file is shorter or has no such places.
  result<void> seek(std::uint64_t to, const std::string& path);
  /// Whether read() would return without waiting.
  bool ready() const;
  /// Whether it was asked to stop.
  bool stopped() const { return stop_ && stop_->requested(); }
  int descriptor() const { return descriptor_; }

private:
  input_file(int descriptor, bool waits, std::shared_ptr<const read_stop> stop)
      : descriptor_(descriptor), waits_(waits), stop_(std::move(stop)) {}

  int descriptor_;
  bool waits_; ///< of a kind whose bytes may have to be waited for
  std::shared_ptr<const read_stop> stop_;
};

} // namespace leat
