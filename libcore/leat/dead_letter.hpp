// Dead letters: records that could not be processed, with place and reason.
#pragma once

#include <cstdint>
#include <string>

namespace leat {

/// A record that could not be processed.
struct dead_letter {
  std::string reason;
  std::string stage;
  std::string place;     ///< file:line, or the record's stamp
  std::string raw;       ///< the record as it came, or as JSON
  std::string node = {}; ///< the worker on which it occurred; empty in the job's own process
  /// With checkpoints: no other letter has it, and one that comes again after a restart has the
  /// same. Empty without.
  std::string id = {};
};

/// Keeps the dead letters of a job. Called by several threads at once. With checkpoints a letter is
/// put when the one of its epoch is complete. After a crash it may be put again, under the same id,
/// perhaps to another sink in another process: a sink that keeps each letter once looks for the id.
class dead_letter_sink {
public:
  virtual ~dead_letter_sink() = default;
  /// Keeps the letter; never drops one. Without room it reports that and blocks until there is room
  /// or abandon() is called. Throws leat::failure if the letter cannot be kept, or one before it
  /// could not.
  virtual void put(dead_letter letter) = 0;
  /// Returns once all letters that were put are kept, where put() may return before; those with an
  /// id survive a power cut then. Called after those of an epoch, and at the end of each subtask,
  /// before its output counts. Throws leat::failure as put() does.
  virtual void flush() {}
  /// How many letters were kept.
  virtual std::uint64_t count() const = 0;
  /// Called when an attempt of the job ends: threads that wait for room, now or later, get a
  /// leat::failure.
  virtual void abandon() {}
  /// Called when another attempt begins: threads wait for room again.
  virtual void resume() {}
};

} // namespace leat
