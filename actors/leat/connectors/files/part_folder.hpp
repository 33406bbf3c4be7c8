// A folder of parts: what a sink with checkpoints publishes, and what it has prepared.
//
//   alerts.csv/part-2-17.csv              published: records of epoch 17, of subtask 2
//   alerts.csv/.part-2-17.csv             sealed: complete and durable, waits for its epoch
//   alerts.csv/.part.partial-<process>-N  being written
//
// A published part never changes, and none replaces another. Hidden names are not for readers.
#pragma once

#include <leat/connectors/files/part_name.hpp>
#include <leat/error.hpp>
#include <leat/record.hpp>

#include <vector>

namespace leat {

/// The parts of one epoch and subtask, which are numbered from 0: what a sink prepares.
struct sealed_parts {
  epoch of = 0;
  std::uint64_t subtask = 0;
  std::uint64_t count = 0;

  part_name first() const { return {of, subtask, 0}; }

  static constexpr auto fields = leat::fields("sealed_parts", leat::field("of", &sealed_parts::of),
                                              leat::field("subtask", &sealed_parts::subtask),
                                              leat::field("count", &sealed_parts::count));
};

/// Names and moves the parts in a folder. Errors name folder or file. All calls may block.
class part_folder {
public:
  /// Parts get the extension that the path ends with. A symbolic link is followed.
  explicit part_folder(const std::string& path);

  /// Whether parts can be written there. The folder may be missing; the one that it lies in not.
  result<void> check() const;
  /// Creates it, durably, unless it is there. Refused if it holds parts of later epochs than this:
  /// those are of another run.
  result<void> open(epoch after) const;

  /// What a part that is being written would be called if it were a file of its own.
  std::string unsealed() const { return path_ + "/.part"; }
  std::string sealed(const part_name& part) const;
  std::string published(const part_name& part) const;

  /// Gives sealed parts their names, durably. Doing it again changes nothing. An error if a part is
  /// neither sealed nor published, or if another file has its name.
  result<void> publish(const sealed_parts& parts) const;
  /// Removes sealed parts that will not be published, if they are there.
  result<void> discard(const sealed_parts& parts) const;
  /// Removes all sealed parts of subtasks s with s % subtasks == subtask.
  result<void> discard(std::size_t subtask, std::size_t subtasks) const;

  /// The parts for which there is a file that has the name of the sealed part and this ending.
  result<std::vector<part_name>> sealed_with(std::string_view ending) const;
  /// Removes that file, if it is there.
  result<void> remove_sealed(const part_name& part, std::string_view ending) const;

  /// The published parts, in their order.
  result<std::vector<part_name>> parts() const;

  /// Removes parts that killed processes were writing. Returns their paths.
  std::vector<std::string> remove_leftovers() const;

private:
  result<void> publish_one(const part_name& part) const;
  /// The parts among the names that begin with `mark`, and end so.
  result<std::vector<part_name>> list(std::string_view mark, std::string_view ending = {}) const;

  std::string path_;
  std::string extension_;
};

} // namespace leat
