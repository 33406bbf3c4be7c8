// Dead letters: records that could not be processed, with place and reason.
#pragma once

#include <cstdint>
#include <string>

namespace leat {

/// A record that could not be processed.
struct dead_letter {
  std::string reason;
  std::string stage;
  std::string place; ///< file:line, or the record's stamp
  std::string raw;   ///< the record as it came, or as JSON
};

/// Keeps the dead letters of a job. Called by several threads at once.
class dead_letter_sink {
public:
  virtual ~dead_letter_sink() = default;
  /// Keeps the letter; never drops one. Without room it reports that and blocks until there is room
  /// or abandon() is called. Throws leat::failure if the letter cannot be kept.
  virtual void put(dead_letter letter) = 0;
  /// How many letters were kept.
  virtual std::uint64_t count() const = 0;
  /// Called when an attempt of the job ends: threads that wait for room, now or later, get a
  /// leat::failure.
  virtual void abandon() {}
  /// Called when another attempt begins: threads wait for room again.
  virtual void resume() {}
};

} // namespace leat
