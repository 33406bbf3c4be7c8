// Random choices that a seed repeats, for tests too long to shrink.
#pragma once

#include "support/catch.hpp"

#include <cstdint>
#include <cstdlib>
#include <random>

namespace support {

class dice {
public:
  explicit dice(std::uint64_t seed) : seed_(seed), random_(seed) {}

  /// At least `first` and below `last`.
  int operator()(int first, int last) {
    return first + static_cast<int>(random_() % static_cast<std::uint64_t>(last - first));
  }
  std::size_t size(std::size_t first, std::size_t last) {
    return first + static_cast<std::size_t>(random_()) % (last - first);
  }
  bool coin() { return random_() % 2 == 0; }
  template <class T>
  T one_of(std::initializer_list<T> all) {
    return all.begin()[size(0, all.size())];
  }

  std::uint64_t seed() const { return seed_; }

private:
  std::uint64_t seed_;
  std::mt19937_64 random_;
};

/// What an environment variable holds, or this.
inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

/// Runs a check with many seeds; a failure tells which. A long run (scripts/seeds) chooses them.
template <class Check>
void for_seeds(std::uint64_t count, Check check) {
  const std::uint64_t first = from_environment("LEAT_FIRST_SEED", 1);
  count = from_environment("LEAT_SEEDS", count);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    INFO("seed " << seed);
    check(dice{seed});
  }
}

} // namespace support
