// Reads the files that appear in a folder.
#pragma once

#include <leat/connectors/files/folder_scan.hpp>
#include <leat/file_use.hpp>
#include <leat/source.hpp>

#include <deque>
#include <utility>

namespace leat {

struct watch_options {
  /// The names to read, a pattern as in a shell. Hidden files match only if it begins with a dot.
  std::string pattern = "*";
  /// The time between two scans. A file is read when it has not changed from one scan to the next.
  std::chrono::nanoseconds every = std::chrono::seconds{1};
  /// The stream ends when a file of this name is in the folder and all others have been read.
  /// Empty: it goes on until the job is stopped.
  std::string until = {};
};

/// Where the reader of a watched folder goes on: in a file, or at one of those that wait.
template <class Place>
struct place_in_folder {
  std::vector<folder_scan::read_file> handed_out;
  std::vector<std::string> waiting;
  std::optional<std::string> reading;
  Place place = {}; ///< in the file that is being read
  bool last = false;
  static constexpr auto fields = leat::fields(
      "place_in_folder", leat::field("handed_out", &place_in_folder::handed_out),
      leat::field("waiting", &place_in_folder::waiting),
      leat::field("reading", &place_in_folder::reading),
      leat::field("place", &place_in_folder::place), leat::field("last", &place_in_folder::last));
};

/// The one split of a watched folder: file after file.
template <class Source>
class folder_split {
public:
  using record_type = typename Source::record_type;
  using file_split = typename Source::split_type;
  using file_options = typename file_split::options_type;

  folder_split(folder_scan scan, std::chrono::nanoseconds every, file_options options)
      : scan_(std::move(scan)), every_(every), options_(options) {}

  using place =
      place_in_folder<std::remove_cvref_t<decltype(std::declval<const file_split&>().position())>>;

  place position() const {
    place here{scan_.handed_out(), {waiting_.begin(), waiting_.end()}, {}, {}, last_};
    if (reading_) {
      here.reading = reading_->name();
      here.place = reading_->position();
    }
    return here;
  }
  /// An error if the file that was being read is gone, or is shorter than it was.
  result<void> seek(const place& to) {
    scan_.resume(to.handed_out);
    waiting_.assign(to.waiting.begin(), to.waiting.end());
    last_ = to.last;
    if (!to.reading)
      return {};
    reading_.emplace(*to.reading, options_);
    return reading_->seek(to.place);
  }

  bool may_block() const { return false; } // only regular files are read

  /// Throws leat::failure if the folder, or a file that was begun, cannot be read further.
  pull_status pull(std::size_t demand, emitter<record_type>& out) {
    if (!reading_ && waiting_.empty() && !last_)
      look(out);
    if (!reading_ && !next_file(out))
      return nothing_left();
    if (reading_->pull(demand, out).is_done())
      reading_.reset();
    return reading_ || !waiting_.empty() ? pull_status::more() : nothing_left();
  }

private:
  /// Two looks must lie apart, or a file that grows looks the same to both.
  pull_status nothing_left() const {
    return last_ ? pull_status::done() : pull_status::idle(every_);
  }

  void look(emitter<record_type>& out) {
    auto found = scan_.look();
    if (!found)
      throw failure(found.error());
    for (const std::string& path : found->changed)
      out.reject("the file changed after it was found whole: not all of it may have been read; "
                 "write new content under new names",
                 path, {});
    waiting_.assign(found->whole.begin(), found->whole.end());
    last_ = found->last;
  }

  /// Begins the next file that can be read; false when there is none.
  bool next_file(emitter<record_type>& out) {
    for (; !waiting_.empty() && !reading_; waiting_.pop_front())
      if (const auto checked = file_split::check(waiting_.front(), options_); !checked)
        out.reject(checked.error().what, waiting_.front(), {});
      else
        reading_.emplace(waiting_.front(), options_);
    return reading_.has_value();
  }

  folder_scan scan_;
  std::chrono::nanoseconds every_;
  file_options options_;
  std::deque<std::string> waiting_;
  std::optional<file_split> reading_;
  bool last_ = false;
};

/// Reads the files of a folder as they appear, each once, as a source of files reads them:
///
///   leat::watched_folder<leat::csv_source<payment>>{"incoming", {.pattern = "*.csv"}}
///
/// One file after the other: those that one scan finds in the order of their names. A file that is
/// still written is not read while it grows; the safe way is to write it under a name that does not
/// match, and to rename it. A file that cannot be read at all (no header, no permission) is a dead
/// letter, and so is a change after a file was found complete.
template <class Source>
class watched_folder {
public:
  using record_type = typename Source::record_type;
  using file_options = typename folder_split<Source>::file_options;
  static constexpr bool blocking = true;

  explicit watched_folder(std::string folder, watch_options options = {}, file_options files = {})
      : scan_(std::move(folder), options.pattern, options.until), every_(options.every),
        file_options_(files) {}

  std::vector<file_use> inputs() const { return {{scan_.folder()}}; }

  result<void> check() const {
    if (every_ <= std::chrono::nanoseconds{0})
      return user_error("the time between two looks at a folder must be above zero");
    auto trial = scan_;
    if (const auto looked = trial.look(); !looked)
      return looked.error();
    return {};
  }

  std::vector<folder_split<Source>> splits() const {
    std::vector<folder_split<Source>> one;
    one.emplace_back(scan_, every_, file_options_);
    return one;
  }

private:
  folder_scan scan_;
  std::chrono::nanoseconds every_;
  file_options file_options_;
};

} // namespace leat
