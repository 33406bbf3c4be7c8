// The common part of sources of text files with one record a line; a format adds its parser.
#pragma once

#include <leat/connectors/files/input_files.hpp>
#include <leat/connectors/files/line_reader.hpp>
#include <leat/source.hpp>

#include <algorithm>

namespace leat {

struct lines_options {
  /// In bytes. Longer lines are dead letters, and are read in constant memory: a file takes a
  /// buffer of this size and 256 KiB at most.
  std::size_t max_line = line_reader::default_max_line;
};

/// Parses the lines of one file. `begin` makes it when the file is opened, and may take lines off
/// the file's start (a header); nothing when the file is empty. Its options
/// hold max_line, as lines_options does, and what the format needs.
template <class P>
concept line_parser = requires(P p, line_reader& file, std::string_view line,
                               typename P::record_type& record,
                               const typename P::options_type& options) {
  { P::begin(file, options) } -> std::same_as<result<std::optional<P>>>;
  { options.max_line } -> std::convertible_to<std::size_t>;
  { p.parse(line, record) } -> std::same_as<result<void>>;
};

namespace detail {

/// Stands for the parser of records without fields, so that the compiler prints one sentence.
template <class T>
struct no_parser {
  static_assert(any_record<T>, "a source of lines reads records that declare their fields: static "
                               "constexpr auto fields = leat::fields(\"name\", leat::field(...))");
  using record_type = T;
  using options_type = lines_options;
  static result<std::optional<no_parser>> begin(line_reader&, const lines_options&) {
    return std::optional<no_parser>{};
  }
  result<void> parse(std::string_view, T&) { return {}; }
};

template <template <class> class Parser, class T>
struct parser_of {
  using type = no_parser<T>;
};
template <template <class> class Parser, any_record T>
struct parser_of<Parser, T> {
  using type = Parser<T>;
};

} // namespace detail

/// The dead letter of the line that `file` stands at: where it is, what it looked like (the first
/// 4 KiB), and whether the file seems to be cut off there. The stage is left to fill in.
dead_letter letter_of_line(const line_reader& file, std::string_view line, std::string reason);

/// Why a line is too long.
std::string too_long_reason(const line_reader& file, std::size_t max_line);

/// One file as a split. Opened by the first pull and closed at its end. Only what is no regular
/// file may have to be waited for.
template <line_parser Parser>
class lines_split {
public:
  using record_type = typename Parser::record_type;
  using options_type = typename Parser::options_type;

  lines_split(std::string path, options_type options)
      : path_(std::move(path)), options_(std::move(options)),
        stop_(leat::may_wait(path_) ? std::make_shared<const read_stop>() : nullptr) {}

  using place = line_reader::place;

  const std::string& name() const { return path_; }
  bool replayable() const { return stop_ == nullptr; }
  place position() const { return content_ ? content_->file.position() : place_; }
  /// An error if the file cannot be opened, or is shorter than it was.
  result<void> seek(const place& to) {
    place_ = to;
    return to == place{} ? result<void>{} : start();
  }

  bool may_block() const { return stop_ != nullptr; }
  void cancel() const {
    if (stop_)
      stop_->request();
  }

  /// Reads up to `demand` lines, but waits for none if it has some. A line that is no record is
  /// rejected; a file that cannot be read (further) throws leat::failure.
  pull_status pull(std::size_t demand, emitter<record_type>& out) {
    if (!opened_) {
      if (stop_)
        out.waiting_for("input from \"" + path_ + '"');
      if (auto started = start(); !started)
        throw failure(started.error());
    }
    if (!content_)
      return pull_status::done();
    for (const std::size_t all = demand; demand > 0 && !out.full(); --demand) {
      if (stop_ && !content_->file.ready()) {
        if (demand < all)
          return pull_status::more();
        out.waiting_for("input from \"" + path_ + '"');
      }
      std::string_view line;
      switch (content_->file.next(line)) {
      case line_reader::status::line:
        read(line, out);
        break;
      case line_reader::status::too_long:
        reject(line, too_long_reason(content_->file, options_.max_line), out);
        break;
      case line_reader::status::end:
      case line_reader::status::stopped:
        place_ = content_->file.position();
        content_.reset();
        return pull_status::done();
      case line_reader::status::failed:
        throw failure(content_->file.error());
      }
    }
    return pull_status::more();
  }

  /// Whether the file can be opened and its start is what the format expects.
  static result<void> check(const std::string& path, const options_type& options) {
    const auto opened = open(path, options, nullptr, {});
    if (!opened)
      return opened.error();
    return {};
  }

private:
  struct content {
    line_reader file;
    Parser parser;
  };

  /// Nothing when the file is empty.
  static result<std::optional<content>> open(const std::string& path, const options_type& options,
                                             std::shared_ptr<const read_stop> stop,
                                             const place& at) {
    auto file = line_reader::open(path, options.max_line, std::move(stop));
    if (!file)
      return file.error();
    auto parser = Parser::begin(*file, options);
    if (!parser)
      return parser.error();
    if (at != place{})
      if (auto moved = file->seek(at); !moved)
        return moved.error();
    if (!*parser)
      return std::optional<content>{};
    return std::optional<content>{content{std::move(*file), std::move(**parser)}};
  }

  result<void> start() {
    auto opened = open(path_, options_, stop_, place_);
    if (!opened)
      return opened.error();
    content_ = std::move(*opened);
    opened_ = true;
    return {};
  }

  void read(std::string_view line, emitter<record_type>& out) {
    record_type record{};
    if (const auto parsed = content_->parser.parse(line, record))
      out(std::move(record));
    else if (!line.empty())
      reject(line, parsed.error().what, out);
  }

  void reject(std::string_view line, std::string reason, emitter<record_type>& out) {
    dead_letter letter = letter_of_line(content_->file, line, std::move(reason));
    out.reject(std::move(letter.reason), std::move(letter.place), std::move(letter.raw));
  }

  std::string path_;
  options_type options_;
  std::shared_ptr<const read_stop> stop_; ///< null for a file that is never waited for
  place place_;                           ///< where it goes on while it is not open
  bool opened_ = false;
  std::optional<content> content_; ///< while there may be more to read
};

/// Reads the records of text files, one split a file. Replayable: a file is read on where it was,
/// if it still has that content. Every line is a record or a dead letter, except empty lines that
/// parse as no record.
template <line_parser Parser>
class lines_source {
public:
  using record_type = typename Parser::record_type;
  using split_type = lines_split<Parser>;
  using options_type = typename Parser::options_type;
  static constexpr bool blocking = true;

  explicit lines_source(input_files files, options_type options = {})
      : files_(std::move(files)), options_(std::move(options)) {}

  std::vector<lines_split<Parser>> splits() const {
    std::vector<lines_split<Parser>> all;
    for (const std::string& path : files_.paths())
      all.emplace_back(path, options_);
    return all;
  }

  std::vector<file_use> inputs() const { return files_.uses(); }
  /// Pipes and devices are not.
  bool replayable() const { return std::ranges::none_of(files_.paths(), leat::may_wait); }

  result<void> check() const {
    return files_.check(
        [this](const std::string& path) { return lines_split<Parser>::check(path, options_); });
  }

private:
  input_files files_;
  options_type options_;
};

} // namespace leat
