#include <leat/internal/job/job_runner.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace std::chrono_literals;

TEST_CASE("attempts are counted in a row, from the last one that has completed a checkpoint") {
  const job_outcome failed{external_error("x"), true, 1, false},
      saved{external_error("x"), true, 1, true};
  CHECK_FALSE(policy_of({}));
  const auto again = policy_of({.attempts = 2, .delay = 3s});
  CHECK(again(1, failed) == 3s);
  CHECK(again(1, failed) == 3s);
  CHECK(again(1, saved) == 3s);
  CHECK(again(1, failed) == 3s);
  CHECK(again(1, failed) == std::nullopt);
}

TEST_CASE("delays grow up to the longest one") {
  const job_outcome failed{external_error("x"), true, 1, false};
  const auto again = policy_of({.attempts = 2000, .delay = 1s, .factor = 2, .longest_delay = 5s});
  CHECK(again(1, failed) == 1s);
  CHECK(again(1, failed) == 2s);
  CHECK(again(1, failed) == 4s);
  for (int n = 0; n < 1500; ++n)
    REQUIRE(again(1, failed) == 5s);
}
