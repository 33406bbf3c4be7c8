// Messages in a file, each behind its length.
#pragma once

#include <leat/dead_letter.hpp>
#include <leat/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace leat {

/// Reads a file of messages, each preceded by its length as an unsigned LEB128 number of at most 31
/// bits: what Java's writeDelimitedTo writes. Bounded memory, one thread at a time; reading blocks.
class delimited_reader {
public:
  /// What `next` found.
  enum class [[nodiscard]] status{
      message,   ///< a message
      too_long,  ///< one longer than max_message, skipped: only its first bytes are there
      truncated, ///< the file ends within a length or a message: what is there of it
      end,       ///< no more messages
      failed,    ///< the file cannot be read further: see error()
  };

  static constexpr std::size_t default_max_message = std::size_t{4} << 20;
  /// How much of a message that is too long is kept.
  static constexpr std::size_t kept_of_too_long = 4096;

  /// Opens a file. Errors (missing, a folder, no permission) name the file.
  static result<delimited_reader> open(std::string path, std::size_t max_message);

  /// Reads the next message, without its length. The view holds until the next call.
  status next(std::string_view& message);

  /// Where the last message begins, its length included, in bytes from the start of the file.
  std::uint64_t offset() const { return start_; }
  /// The full length of the last message in bytes.
  std::uint64_t length() const { return length_; }
  /// Why `next` failed: a read error, or bytes that are no length, behind which nothing is sure.
  const leat::error& error() const { return *error_; }
  const std::string& path() const { return path_; }

private:
  struct closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  delimited_reader(std::string path, std::size_t max_message, std::FILE* file)
      : path_(std::move(path)), max_message_(max_message), file_(file) {}

  status read_length();
  status read_message();
  status skip_message();
  status fail_unless_end(status at_end);
  std::size_t read(std::size_t size);

  std::string path_;
  std::size_t max_message_;
  std::unique_ptr<std::FILE, closer> file_;
  std::string message_;
  std::uint64_t start_ = 0;
  std::uint64_t at_ = 0; ///< bytes read so far
  std::uint64_t length_ = 0;
  std::optional<leat::error> error_;
};

/// The dead letter of the message that `file` stands at: where it is, and its first 4 KiB. The
/// stage is left to fill in.
dead_letter letter_of_message(const delimited_reader& file, std::string_view message,
                              std::string reason);

} // namespace leat
