#include <leat/detail/runtime/process_usage.hpp>

#include "support/catch.hpp"

#include <vector>

TEST_CASE("a process knows its processor time and its memory") {
  constexpr std::size_t bytes = 16 << 20;
  const leat::process_usage before = leat::own_usage();
  CHECK(before.memory > 0);
  leat::process_usage now = before;
  std::vector<char> large(bytes);
  for (char round = 1; now.cpu < before.cpu + 20'000'000; ++round) {
    for (std::size_t i = 0; i < large.size(); i += 64)
      large[i] = static_cast<char>(large[i] + round);
    now = leat::own_usage();
  }
  CHECK(now.memory >= bytes);
  CHECK(now.memory >= before.memory);
  CHECK(now.cpu < before.cpu + 60'000'000'000);
}
