// Runs of a graph in simulation that differ in all that must not change a result.
#pragma once

#include <leat/testing/simulation.hpp>

#include "support/dice.hpp"

namespace support {

/// Another seed, parallelism, frame size and credit.
inline leat::testing::simulation_options some_run(dice& roll, std::uint64_t seed) {
  leat::testing::simulation_options o;
  o.seed = seed;
  o.run.parallelism = roll.one_of<std::size_t>({1, 2, 3, 8});
  o.run.frames.records = roll.one_of<std::size_t>({1, 3, 16, 256});
  o.run.credit_limit = roll.one_of(
      {leat::credit{1, 1, 1}, leat::credit{2, 8, 10'000}, leat::credit{64, 8192, 1'000'000}});
  return o;
}

} // namespace support
