// The physical lines of a file, read in large chunks.
#pragma once

#include <leat/connectors/files/input_file.hpp>
#include <leat/error.hpp>
#include <leat/record.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// Reads a file line by line, in bounded memory. A line ends with \n or \r\n, and the last one may
/// lack its end; a UTF-8 byte order mark at the start of the file is skipped. One thread at a time;
/// reading blocks.
class line_reader {
public:
  /// What `next` found.
  enum class [[nodiscard]] status{
      line,     ///< a line
      too_long, ///< a line longer than max_line, skipped: only its first bytes are there
      end,      ///< no more lines
      stopped,  ///< it was asked to stop; what was read of a line is left alone
      failed,   ///< the file cannot be read further: see error()
  };

  /// A place between two lines.
  struct place {
    std::uint64_t offset = 0; ///< bytes before it
    std::uint64_t line = 0;   ///< lines before it
    static constexpr auto fields = leat::fields(
        "place_in_lines", leat::field("offset", &place::offset), leat::field("line", &place::line));
    friend bool operator==(const place&, const place&) = default;
  };

  static constexpr std::size_t default_max_line = std::size_t{1} << 20;
  /// How much of a line that is too long is kept.
  static constexpr std::size_t kept_of_too_long = 4096;

  /// Opens a file. The buffer is 256 KiB, and grows only for long lines, to max_line more. Errors
  /// (missing, a folder, no permission) name the file.
  static result<line_reader> open(std::string path, std::size_t max_line = default_max_line,
                                  std::shared_ptr<const read_stop> stop = {});

  /// Reads from an open file, socket or pipe, and closes it in the end. `name` is for messages.
  static line_reader adopt(std::string name, int file, std::size_t max_line = default_max_line) {
    return {std::move(name), max_line, input_file::adopt(file)};
  }

  /// Reads the next line, without its end. The view is valid until the next call. After `end`, a
  /// file that has grown since gives further lines; `failed` is final.
  status next(std::string_view& line);
  /// Whether `next` would return without waiting for more bytes.
  bool ready() const;

  /// The number of the last line, counted from 1; lines that were too long count too.
  std::uint64_t line_number() const { return place_.line; }
  /// The full length of the last line in bytes, without its end.
  std::uint64_t length() const { return length_; }
  /// Whether the last line ended with the file instead of a line end: perhaps it was cut off.
  bool unterminated() const { return unterminated_; }
  /// What was read of the line that `next` failed in.
  std::string_view unread() const { return available(); }
  /// Why `next` failed.
  const leat::error& error() const { return *error_; }
  const std::string& path() const { return path_; }

  /// The place behind the last line.
  place position() const { return place_; }
  /// Goes to a place that position() gave for this file. An error when the file has become shorter,
  /// or is not seekable; then the reader stays where it was.
  result<void> seek(place to);

private:
  enum class filled { some, nothing, stopped, failed };

  line_reader(std::string path, std::size_t max_line, input_file file);

  filled fill();
  filled skip_mark();
  status take(std::size_t size, std::size_t end_size, std::string_view& line);
  status skip_line(std::string_view& line);
  std::string_view available() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t size);

  std::string path_;
  std::size_t max_line_;
  input_file file_;
  std::vector<char> buffer_; ///< bytes [begin_, end_) are read but not handed out
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string head_; ///< of the last line that was too long
  place place_;
  std::uint64_t length_ = 0;
  bool unterminated_ = false;
  std::optional<leat::error> error_;
};

} // namespace leat
