// Where a worker keeps what coordinators have sent: a file has the name of its digest, and jobs
// that need it again find it there.
#pragma once

#include <leat/internal/cluster/shipped_files.hpp>

#include <optional>

namespace leat {

/// A folder that the workers of a host may share: files that one of them uses are locked, and not
/// removed. Of one thread.
class file_cache {
public:
  /// Keeps at most `cap` bytes, as far as they are not in use. Creates the folder.
  file_cache(std::string folder, std::uint64_t cap);

  /// The path of a file with this content, if there is one; it is in use from now on.
  std::optional<std::string> find(const shipped_file& f);
  /// Removes files that nobody uses, least recently used first, until so many bytes can be added.
  /// An error if they exceed the cap together with the files that this cache has in use.
  result<void> make_room(std::uint64_t bytes);
  /// Receives what send_file() sends; the file is in use from now on. An error leaves nothing.
  result<std::string> receive(tls_link& from, const shipped_file& f,
                              std::chrono::milliseconds patience);

private:
  /// An open file, locked so that it is not removed while this lives.
  class held_file {
  public:
    explicit held_file(int opened) : file_(opened) {}
    held_file(held_file&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
    held_file& operator=(held_file&&) = delete;
    ~held_file();

    /// False if it was not opened, or was removed before it was locked.
    bool lock() const;
    int get() const { return file_; }

  private:
    int file_;
  };
  class arriving_file;

  std::string path_of(const shipped_file& f) const { return folder_ + '/' + f.sha256; }
  void use(held_file file, std::uint64_t bytes);

  std::string folder_;
  std::uint64_t cap_;
  std::vector<held_file> used_;
  std::uint64_t used_bytes_ = 0;
};

/// Whether this is a SHA-256 in hexadecimal, and so leads to no other folder.
bool is_digest(std::string_view text);

} // namespace leat
