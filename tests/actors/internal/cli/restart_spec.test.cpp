#include <leat/internal/cli/restart_spec.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace std::chrono_literals;

TEST_CASE("restarts are read from text") {
  CHECK(parse_restart("fail")->attempts == 0);
  const auto fixed = parse_restart("fixed:3,200ms");
  REQUIRE(fixed);
  CHECK(fixed->attempts == 3);
  CHECK(fixed->delay == 200ms);
  CHECK(fixed->longest_delay == 200ms);
  CHECK(fixed->factor == 1);
  const auto growing = parse_restart("exponential:10,1s,1min");
  REQUIRE(growing);
  CHECK(growing->attempts == 10);
  CHECK(growing->delay == 1s);
  CHECK(growing->longest_delay == 1min);
  CHECK(growing->factor == 2);
}

TEST_CASE("what is no restart is refused") {
  for (const char* text : {"", "never", "fixed", "fixed:", "fixed:3", "fixed:0,1s", "fixed:3,soon",
                           "fixed:3,1s,1s", "exponential:3,1s", "exponential:3,1min,1s"})
    CHECK(parse_restart(text).error().what == "invalid restart \"" + std::string(text) + '"');
}
