// Length-delimited messages of a file.
#pragma once

#include <leat/connectors/files/input_file.hpp>
#include <leat/dead_letter.hpp>
#include <leat/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
      stopped,   ///< it was asked to stop
      failed,    ///< the file cannot be read further: see error()
  };

  static constexpr std::size_t default_max_message = std::size_t{4} << 20;
  /// How much of a message that is too long is kept.
  static constexpr std::size_t kept_of_too_long = 4096;

  /// Opens a file. Errors (missing, a folder, no permission) name the file.
  static result<delimited_reader> open(std::string path, std::size_t max_message,
                                       std::shared_ptr<const read_stop> stop = {});

  /// Reads the next message, without its length. The view is valid until the next call.
  status next(std::string_view& message);
  /// Whether `next` would at least begin to read without waiting for more bytes.
  bool ready() const { return begin_ < end_ || file_.ready(); }

  /// Where the last message begins, its length included, in bytes from the start of the file.
  std::uint64_t offset() const { return start_; }
  /// The full length of the last message in bytes.
  std::uint64_t length() const { return length_; }
  /// The place after the last message, in bytes from the start of the file.
  std::uint64_t position() const { return at_; }
  /// Goes to a place that position() gave for this file. An error when the file has become shorter,
  /// or is not seekable; then the reader stays where it was.
  result<void> seek(std::uint64_t to);

  /// Why `next` failed: a read error, or an invalid length, after which no message can be found.
  const leat::error& error() const { return *error_; }
  const std::string& path() const { return path_; }

private:
  delimited_reader(std::string path, std::size_t max_message, input_file file);

  status read_length();
  status read_message();
  status skip_message();
  status without_bytes(status at_end);
  std::size_t read(std::size_t size);
  bool fill();

  std::string path_;
  std::size_t max_message_;
  input_file file_;
  std::vector<char> buffer_; ///< bytes [begin_, end_) are read but not handed out
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  int cause_ = 0; ///< why the last read failed; 0: it did not
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
