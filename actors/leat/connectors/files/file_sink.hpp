// The common part of sinks of files; a format adds its writer.
#pragma once

#include <leat/connectors/files/part_writer.hpp>
#include <leat/file_use.hpp>
#include <leat/sink.hpp>

namespace leat {

/// Writes one format: the head of a file, or nothing; and a record, line end included.
template <class W>
concept record_writer = requires(std::string& out, const typename W::record_type& record) {
  W::append_head(out);
  W::append(out, record);
};

struct file_sink_options {
  /// With checkpoints: a part that has reached this size is followed by another one.
  std::uint64_t part_bytes = std::uint64_t{128} << 20;
};

/// The file of one subtask: the path itself when there is only one, else "alerts-2.csv" for subtask
/// 2 of "alerts.csv".
std::string path_of_subtask(const std::string& path, std::size_t subtask, std::size_t subtasks);

/// Without checkpoints it writes records to a file, which has its name only once the whole job has
/// ended well. With several subtasks each writes its own file. An earlier file of the name is
/// replaced.
///
/// With checkpoints the path is a folder of parts (part_folder.hpp): each epoch adds those with its
/// records, each a valid file, when its checkpoint is complete. None replaces another one.
template <record_writer Writer, whole_file File = output_file>
class file_sink {
public:
  using record_type = typename Writer::record_type;
  static constexpr bool blocking = true;

  explicit file_sink(std::string path, file_sink_options options = {})
      : path_(std::move(path)), options_(options) {}
  /// A copy is for another subtask: it shares the name, not the file.
  file_sink(const file_sink& other) : path_(other.path_), options_(other.options_) {}
  file_sink(file_sink&&) = default;

  std::vector<file_use> targets(const sink_context& place) const {
    if (place.checkpoints)
      return {{.path = path_, .folder = true}};
    std::vector<file_use> all;
    for (std::size_t i = 0; i < place.subtasks; ++i)
      all.push_back({path_of_subtask(path_, i, place.subtasks)});
    return all;
  }

  /// Whether such files can be created.
  result<void> check(const sink_context& place = {}) const {
    if (options_.part_bytes == 0)
      return user_error("the size of a part must be above zero");
    if (place.checkpoints)
      return part_folder(path_).check();
    if (const auto file = File::create(path_); !file)
      return file.error();
    return {};
  }

  result<void> open(const sink_context& place) {
    place_ = place;
    std::string head;
    Writer::append_head(head);
    if (place.checkpoints) {
      parts_.emplace(part_folder(path_), place.subtask, options_.part_bytes, std::move(head));
      return parts_->folder().open(place.after);
    }
    auto file = File::create(path_of_subtask(path_, place.subtask, place.subtasks));
    if (!file)
      return file.error();
    file_ = std::move(*file);
    return file_->append(head);
  }

  result<void> write(std::span<const record_type> records) {
    text_.clear();
    for (const record_type& r : records)
      Writer::append(text_, r);
    return parts_ ? parts_->append(text_) : file_->append(text_);
  }

  /// Shows readers of the temporary file what is there; it is not yet safe from a power cut.
  result<void> flush() { return parts_ ? parts_->flush() : file_->flush(); }

  result<std::optional<sealed_parts>> prepare(epoch n) {
    if (parts_)
      return parts_->seal(n);
    if (auto prepared = file_->prepare(); !prepared)
      return prepared.error();
    return std::optional{sealed_parts{n, place_.subtask, 1}};
  }
  result<void> commit(const sealed_parts& prepared) {
    return parts_ ? parts_->folder().publish(prepared) : file_->commit();
  }
  result<void> discard_uncommitted() const {
    return parts_->folder().discard(place_.subtask, place_.subtasks);
  }

private:
  std::string path_;
  file_sink_options options_;
  sink_context place_;
  std::optional<File> file_;               ///< without checkpoints
  std::optional<part_writer<File>> parts_; ///< with checkpoints
  std::string text_;                       ///< records on their way to the file
};

} // namespace leat
