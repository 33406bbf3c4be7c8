// What could not be processed is kept, not lost: a dead letter says which record, where and why.
#pragma once

#include <cstdint>
#include <string>

namespace leat {

struct dead_letter {
  std::string reason;
  std::string stage;
  std::string place; ///< file:line, or the record's stamp
  std::string raw;   ///< the record as it came, or as JSON
};

/// Keeps dead letters. Called by several threads.
class dead_letter_sink {
public:
  virtual ~dead_letter_sink() = default;
  /// Keeps the letter. If there is no room it says so aloud and waits until there is, for as long
  /// as the job runs; it never drops one.
  virtual void put(dead_letter letter) = 0;
  virtual std::uint64_t count() const = 0;
  /// An attempt of the job ends: who waits for room, now or later, gets a leat::failure instead.
  virtual void abandon() {}
  /// Another attempt begins: who finds no room waits again.
  virtual void resume() {}
};

} // namespace leat
