// Random numbers that follow from a number alone, so that any event can be made without those
// before it.
#pragma once

#include <cstdint>

namespace nexmark {

/// 64 random bits for a number: splitmix64.
constexpr std::uint64_t random_word(std::uint64_t n) {
  n = (n + 1) * 0x9E37'79B9'7F4A'7C15U;
  n = (n ^ n >> 30U) * 0xBF58'476D'1CE4'E5B9U;
  n = (n ^ n >> 27U) * 0x94D0'49BB'1331'11EBU;
  return n ^ n >> 31U;
}

/// A number below `end` from the lower 32 bits of a word.
constexpr std::uint64_t below(std::uint64_t end, std::uint64_t word) {
  return (word & 0xFFFF'FFFFU) * end >> 32U;
}

} // namespace nexmark
