// Keeps dead letters in a file of JSON Lines.
#pragma once

#include <leat/dead_letter.hpp>
#include <leat/error.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>

namespace leat {

/// Reports a text to people. May be called by several threads.
using announcement = std::function<void(std::string_view)>;

/// Prints the text on standard error, as a line.
void announce_on_stderr(std::string_view text);

/// Keeps dead letters in "<folder>/dead-letters.jsonl", one object a line:
///
///   {"reason":"3 fields, 10 expected","stage":"payments","place":"a.csv:17","raw":"1,2,3"}
///
/// A letter of a worker also has "node":"edge-1". Text that is not UTF-8 has U+FFFD in place of its
/// wrong bytes; if `raw` had some, the object also holds "raw_is_utf8":false. Folder and file are
/// created at the first letter; an existing file is continued, and counts against the cap.
///
/// A letter that would make the file larger than `cap` bytes waits, with an announcement once a
/// second, until the file was moved or cut: then a new one is created. The file may be moved at any
/// other time too.
///
/// Each letter is handed to the operating system at once: it survives the end of the process, but
/// perhaps not a power cut before flush(). A write error names the file and is final.
///
/// A letter with an id ends with "id":"3f2a...-12-0". One that is in the file is not written again,
/// whichever process has written it; in a file that was moved away nobody looks. So with
/// checkpoints the file has each letter once. Thread-safe.
class dead_letter_file final : public dead_letter_sink {
public:
  static constexpr std::uint64_t default_cap = std::uint64_t{64} << 20;

  explicit dead_letter_file(std::string folder, std::uint64_t cap = default_cap,
                            announcement announce = announce_on_stderr);
  ~dead_letter_file() override;
  dead_letter_file(const dead_letter_file&) = delete;
  dead_letter_file& operator=(const dead_letter_file&) = delete;

  /// Throws leat::failure at a write error, and instead of waiting while it is abandoned.
  void put(dead_letter letter) override;
  void flush() override;

  /// How many letters were kept.
  std::uint64_t count() const override { return count_; }

  void abandon() override;
  void resume() override;

  const std::string& path() const { return path_; }

private:
  class file_turn;

  bool put_now(const dead_letter& letter, const std::string& line);
  void find_file();
  void read_others();
  void open_file();
  void end_torn_line();
  void sync();
  void close_file();
  void wait_for_room(std::unique_lock<std::mutex>& lock);
  void write(std::string_view bytes);
  [[noreturn]] void fail(error e);

  const std::string folder_;
  const std::string path_;
  const std::uint64_t cap_;
  const announcement announce_;
  std::atomic<std::uint64_t> count_{0};

  std::mutex mutex_; ///< guards what follows
  std::condition_variable abandoned_now_;
  bool abandoned_ = false;
  int file_ = -1;
  std::uint64_t size_ = 0;      ///< of the file, as last seen
  std::uint64_t known_to_ = 0;  ///< in the file: all ids up to there are known
  std::set<std::string> known_; ///< ids in the file
  bool unsynced_ = false;       ///< letters with ids
  std::chrono::steady_clock::time_point quiet_until_{};
  std::optional<error> error_; ///< the final one
};

} // namespace leat
