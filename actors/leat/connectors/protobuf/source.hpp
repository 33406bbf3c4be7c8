// Reads files of length-delimited Protobuf messages.
#pragma once

#include <leat/connectors/files/delimited_reader.hpp>
#include <leat/connectors/files/input_files.hpp>
#include <leat/protobuf/record.hpp>
#include <leat/source.hpp>

#include <algorithm>

namespace leat {

struct protobuf_options {
  /// In bytes. Longer messages are dead letters, and are skipped in constant memory.
  std::size_t max_message = delimited_reader::default_max_message;
};

/// One file as a split. Opened by the first pull and closed at its end.
template <protobuf_message T>
class protobuf_split {
public:
  using record_type = T;
  using options_type = protobuf_options;

  protobuf_split(std::string path, protobuf_options options)
      : path_(std::move(path)), options_(options),
        stop_(leat::may_wait(path_) ? std::make_shared<const read_stop>() : nullptr) {}

  const std::string& name() const { return path_; }
  bool replayable() const { return stop_ == nullptr; }
  std::uint64_t position() const { return file_ ? file_->position() : place_; }
  /// An error if the file cannot be opened, or is shorter than it was.
  result<void> seek(std::uint64_t to) {
    place_ = to;
    return to == 0 ? result<void>{} : start();
  }

  bool may_block() const { return stop_ != nullptr; }
  void cancel() const {
    if (stop_)
      stop_->request();
  }

  /// Reads up to `demand` messages. What is none is rejected; a file that cannot be read further
  /// throws leat::failure.
  pull_status pull(std::size_t demand, emitter<T>& out) {
    if (done_)
      return pull_status::done();
    if (!file_)
      if (auto started = start(); !started)
        throw failure(started.error());
    for (const std::size_t all = demand; demand > 0 && !done_ && !out.full(); --demand) {
      if (stop_ && !file_->ready()) {
        if (demand < all)
          return pull_status::more();
        out.waiting_for("input from \"" + path_ + '"');
      }
      read(out);
    }
    return done_ ? pull_status::done() : pull_status::more();
  }

  /// Whether the file can be opened.
  static result<void> check(const std::string& path, const protobuf_options& options) {
    if (const auto opened = delimited_reader::open(path, options.max_message); !opened)
      return opened.error();
    return {};
  }

private:
  result<void> start() {
    auto opened = delimited_reader::open(path_, options_.max_message, stop_);
    if (!opened)
      return opened.error();
    if (place_ > 0)
      if (auto moved = opened->seek(place_); !moved)
        return moved;
    file_ = std::move(*opened);
    return {};
  }

  void read(emitter<T>& out) {
    std::string_view bytes;
    switch (file_->next(bytes)) {
    case delimited_reader::status::message: {
      T message;
      if (foreign_record<T>::read_bytes(std::as_bytes(std::span{bytes}), message))
        out(std::move(message));
      else
        reject(bytes, "no " + std::string{foreign_record<T>::name()}, out);
      break;
    }
    case delimited_reader::status::too_long:
      reject(bytes, "too long: the maximum is " + std::to_string(options_.max_message) + " bytes",
             out);
      break;
    case delimited_reader::status::truncated:
      reject(bytes, "the file ends within it: the file looks truncated", out);
      break;
    case delimited_reader::status::end:
    case delimited_reader::status::stopped:
      place_ = file_->position();
      file_.reset();
      done_ = true;
      break;
    case delimited_reader::status::failed:
      throw failure(file_->error());
    }
  }

  void reject(std::string_view bytes, std::string reason, emitter<T>& out) {
    dead_letter letter = letter_of_message(*file_, bytes, std::move(reason));
    out.reject(std::move(letter.reason), std::move(letter.place), std::move(letter.raw));
  }

  std::string path_;
  protobuf_options options_;
  std::shared_ptr<const read_stop> stop_; ///< null for a file that is never waited for
  std::uint64_t place_ = 0;               ///< where it goes on while it is not open
  std::optional<delimited_reader> file_;  ///< while there may be more to read
  bool done_ = false;
};

/// Reads messages from files of length-delimited messages, one split a file:
/// leat::protobuf_source<payment>{"data/*.pb"}. Replayable: a file is read on where it was, if it
/// still has that content.
template <protobuf_message T>
class protobuf_source {
public:
  using record_type = T;
  using split_type = protobuf_split<T>;
  static constexpr bool blocking = true;

  explicit protobuf_source(input_files files, protobuf_options options = {})
      : files_(std::move(files)), options_(options) {}

  std::vector<protobuf_split<T>> splits() const {
    std::vector<protobuf_split<T>> all;
    for (const std::string& path : files_.paths())
      all.emplace_back(path, options_);
    return all;
  }

  std::vector<file_use> inputs() const { return files_.uses(); }
  /// Pipes and devices are not.
  bool replayable() const { return std::ranges::none_of(files_.paths(), leat::may_wait); }

  result<void> check() const {
    return files_.check(
        [this](const std::string& path) { return split_type::check(path, options_); });
  }

private:
  input_files files_;
  protobuf_options options_;
};

} // namespace leat
