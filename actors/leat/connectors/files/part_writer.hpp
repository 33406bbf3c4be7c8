// Writes the parts of one subtask.
#pragma once

#include <leat/connectors/files/output_file.hpp>
#include <leat/connectors/files/part_folder.hpp>

#include <concepts>

namespace leat {

/// A file that has its name only once it is complete: output_file, or one that packs what it gets.
template <class F>
concept whole_file = requires(F& file, const std::string& path, std::string_view bytes) {
  { F::create(path) } -> std::same_as<result<F>>;
  { file.append(bytes) } -> std::same_as<result<void>>;
  { file.flush() } -> std::same_as<result<void>>;
  { file.prepare() } -> std::same_as<result<void>>;
  { file.commit() } -> std::same_as<result<void>>;
  { file.complete_as(path) } -> std::same_as<result<void>>;
};

/// Writes parts into an open folder, each with the same head. A part ends with its epoch, or once
/// it has this many bytes. One thread at a time; writing blocks.
template <whole_file File>
class part_writer {
public:
  part_writer(part_folder folder, std::uint64_t subtask, std::uint64_t part_bytes, std::string head)
      : folder_(std::move(folder)), subtask_(subtask), part_bytes_(part_bytes),
        head_(std::move(head)) {}

  const part_folder& folder() const { return folder_; }

  /// Appends whole records.
  result<void> append(std::string_view records) {
    if (records.empty())
      return {};
    if (unsealed_.empty() || size_ >= part_bytes_)
      if (auto begun = begin_part(); !begun)
        return begun;
    size_ += records.size();
    return unsealed_.back().append(records);
  }

  result<void> flush() { return unsealed_.empty() ? result<void>{} : unsealed_.back().flush(); }

  /// Makes all that was appended since the last call durable, as parts of this epoch. Nothing if
  /// nothing was.
  result<std::optional<sealed_parts>> seal(epoch n) {
    sealed_parts parts{n, subtask_, 0};
    for (File& file : unsealed_)
      if (auto done = file.complete_as(folder_.sealed({n, subtask_, parts.count++})); !done)
        return done.error();
    unsealed_.clear();
    return parts.count > 0 ? std::optional{parts} : std::nullopt;
  }

private:
  result<void> begin_part() {
    if (!unsealed_.empty())
      if (auto prepared = unsealed_.back().prepare(); !prepared)
        return prepared;
    auto file = File::create(folder_.unsealed());
    if (!file)
      return file.error();
    unsealed_.push_back(std::move(*file));
    size_ = head_.size();
    return unsealed_.back().append(head_);
  }

  part_folder folder_;
  std::uint64_t subtask_;
  std::uint64_t part_bytes_;
  std::string head_;
  std::vector<File> unsealed_; ///< of the present epoch; the last one is not full
  std::uint64_t size_ = 0;     ///< of the last one
};

} // namespace leat
