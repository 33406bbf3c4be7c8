// What a sink that writes no files has prepared: pieces of bytes that wait for their commit.
#pragma once

#include <leat/connectors/files/part_writer.hpp>
#include <leat/sink.hpp>

#include <functional>

namespace leat {

/// The pieces of one epoch; part of a committable.
struct spooled {
  std::string pieces = {};    ///< each behind its length; or they are in a file
  sealed_parts file = {};     ///< of count 0: there is none
  std::uint64_t checksum = 0; ///< of the pieces
  static constexpr auto fields = leat::fields("spooled", leat::field("pieces", &spooled::pieces),
                                              leat::field("file", &spooled::file),
                                              leat::field("checksum", &spooled::checksum));
};

/// Keeps pieces in memory while they are few, and else in a file of the sink's folder
/// (sink_context::folder), if it has one. One thread at a time; calls may block.
class spool {
public:
  static constexpr std::size_t most_in_memory = 64 * 1024;

  using take_piece = std::function<void(std::string_view)>;

  /// For the sink of this context, and its commits.
  static result<spool> open(const sink_context& place);

  result<void> add(std::string_view piece);
  /// Makes the pieces since the last call durable, as those of this epoch. Nothing if there are
  /// none.
  result<std::optional<spooled>> seal(epoch n);

  /// False if its file was removed.
  bool has(const spooled& what) const;
  /// Calls a function with each piece, in their order. A file is verified first: if it is damaged,
  /// the function is not called.
  result<void> read(const spooled& what, const take_piece& take) const;
  /// Removes its file, if it has one.
  result<void> remove(const spooled& what) const;
  /// As stage::discard_uncommitted().
  result<void> discard() const;

private:
  explicit spool(const sink_context& place);
  static result<void> read_file(const std::string& path, const take_piece& take);

  std::size_t subtask_;
  std::size_t subtasks_;
  std::optional<part_writer<output_file>> file_; ///< without a folder there is none
  std::string pieces_;                           ///< not yet in the file
  bool in_file_ = false;                         ///< some of this epoch are
  std::uint64_t checksum_ = 0;                   ///< of the pieces of this epoch
};

/// A name that no other sink has, in this run or another one. Nothing that is computed depends on
/// it.
std::string unique_name();

} // namespace leat
