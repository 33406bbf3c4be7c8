// The common part of sinks of files; a format adds its writer.
#pragma once

#include <leat/connectors/files/output_file.hpp>
#include <leat/file_use.hpp>
#include <leat/sink.hpp>

namespace leat {

/// Writes one format: the head of a file, or nothing; and a record, line end included.
template <class W>
concept record_writer = requires(std::string& out, const typename W::record_type& record) {
  W::append_head(out);
  W::append(out, record);
};

/// A file that has its name only once it is complete: output_file, or one that packs what it gets.
template <class F>
concept whole_file = requires(F& file, const std::string& path, std::string_view bytes) {
  { F::create(path) } -> std::same_as<result<F>>;
  { file.append(bytes) } -> std::same_as<result<void>>;
  { file.flush() } -> std::same_as<result<void>>;
  { file.prepare() } -> std::same_as<result<void>>;
  { file.commit() } -> std::same_as<result<void>>;
};

/// The file of one subtask: the path itself when there is only one, else "alerts-2.csv" for subtask
/// 2 of "alerts.csv".
std::string path_of_subtask(const std::string& path, std::size_t subtask, std::size_t subtasks);

/// Writes records to a file, which has its name only once the whole job has ended well. With
/// several subtasks each writes its own file. An earlier file of the name is replaced.
template <record_writer Writer, whole_file File = output_file>
class file_sink {
public:
  using record_type = typename Writer::record_type;
  static constexpr bool blocking = true;

  explicit file_sink(std::string path) : path_(std::move(path)) {}
  /// A copy is for another subtask: it shares the name, not the file.
  file_sink(const file_sink& other) : path_(other.path_) {}
  file_sink(file_sink&&) = default;

  std::vector<file_use> targets(std::size_t subtasks) const {
    std::vector<file_use> all;
    for (std::size_t i = 0; i < subtasks; ++i)
      all.push_back({path_of_subtask(path_, i, subtasks)});
    return all;
  }

  /// Whether such a file can be created.
  result<void> check() const {
    if (const auto file = File::create(path_); !file)
      return file.error();
    return {};
  }

  result<void> open(const sink_context& place) {
    auto file = File::create(path_of_subtask(path_, place.subtask, place.subtasks));
    if (!file)
      return file.error();
    file_ = std::move(*file);
    text_.clear();
    Writer::append_head(text_);
    return file_->append(text_);
  }

  result<void> write(std::span<const record_type> records) {
    text_.clear();
    for (const record_type& r : records)
      Writer::append(text_, r);
    return file_->append(text_);
  }

  /// Shows readers of the temporary file what is there; it is not yet safe from a power cut.
  result<void> flush() { return file_->flush(); }

  result<void> prepare() { return file_->prepare(); }
  result<void> commit() { return file_->commit(); }

private:
  std::string path_;
  std::optional<File> file_;
  std::string text_; ///< records on their way to the file
};

} // namespace leat
