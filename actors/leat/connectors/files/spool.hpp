// What a sink that writes no files has prepared: pieces of bytes that wait for their commit.
#pragma once

#include <leat/connectors/files/part_writer.hpp>
#include <leat/sink.hpp>

#include <functional>
#include <set>

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

  /// Whether done() was called for it. Always false without a file.
  bool is_done(const spooled& what) const;
  /// Calls a function with each piece, in their order. A file is verified first: if it is damaged
  /// or gone, the function is not called.
  result<void> read(const spooled& what, const take_piece& take) const;
  /// Its pieces have been published: removes its file, if it has one, and leaves an empty one in
  /// its place, ".done" behind its name. So a commit that is repeated knows that there is nothing
  /// to do, and tells it from a file that was lost. The last hundred of these are kept, as older
  /// checkpoints may be restored.
  result<void> done(const spooled& what);
  /// Removes its file, if it has one.
  result<void> remove(const spooled& what) const;
  /// As stage::discard_uncommitted().
  result<void> discard();

private:
  explicit spool(const sink_context& place);
  static result<void> read_file(const std::string& path, const take_piece& take);
  std::string path_of(const sealed_parts& file) const;
  result<void> forget_old();

  epoch after_; ///< no later epoch is of this job
  std::size_t subtask_;
  std::size_t subtasks_;
  std::optional<part_writer<output_file>> file_; ///< without a folder there is none
  std::string pieces_;                           ///< not yet in the file
  bool in_file_ = false;                         ///< some of this epoch are
  std::uint64_t checksum_ = 0;                   ///< of the pieces of this epoch
  std::set<part_name> done_;                     ///< their marks are there
};

/// A name that no other sink has, in this run or another one. Nothing that is computed depends on
/// it.
std::string unique_name();

} // namespace leat
