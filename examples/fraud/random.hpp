// Random numbers that are the same on every machine: the standard's distributions are not.
#pragma once

#include <cstdint>
#include <span>

namespace fraud {

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014), with
/// the few distributions the example needs. They use no mathematical library, so that equal seeds
/// give equal payments everywhere.
class random_source {
public:
  explicit random_source(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  /// A whole number in [0, n).
  std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>((next() >> 32) * n >> 32);
  }

  /// A whole number in [low, high].
  std::uint32_t between(std::uint32_t low, std::uint32_t high) {
    return low + below(high - low + 1);
  }

  /// A number in [low, high).
  double uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(next() >> 11) * 0x1p-53);
  }

  bool chance(double probability) { return uniform(0, 1) < probability; }

  /// An index, each as likely as its weight says. The weights' sum must be above zero.
  std::uint32_t pick(std::span<const std::uint8_t> weights) {
    std::uint32_t sum = 0;
    for (auto w : weights)
      sum += w;
    std::uint32_t left = below(sum), i = 0;
    while (left >= weights[i])
      left -= weights[i++];
    return i;
  }

  /// A factor around 1, skewed as amounts of money are: most below it, a few far above.
  double skewed() {
    double factor = 1.3;
    for (int i = 0; i < 4; ++i)
      factor *= uniform(0.4, 1.5);
    return factor;
  }

private:
  std::uint64_t state_;
};

} // namespace fraud
