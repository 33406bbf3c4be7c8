#include "nexmark/measure.hpp"

#include "support/catch.hpp"

using namespace nexmark;

TEST_CASE("a measurement counts events and results, and takes time") {
  generator_options input;
  input.events = 20'000;
  const auto m = measure(*find_query("q0"), input, {});
  REQUIRE(m);
  CHECK(m->events == 20'000);
  CHECK(m->results == 18'400);
  CHECK(m->seconds > 0);
  CHECK(m->cpu_seconds > 0);
  CHECK(m->events_per_second() == 20'000 / m->seconds);
  CHECK(m->events_per_core_second() == 20'000 / m->cpu_seconds);
  input.events = 1'000'000;
  CHECK(generator_cpu_seconds(input) > 0);
}

TEST_CASE("a measurement with invalid options is refused") {
  generator_options input;
  input.rate = 0;
  CHECK(!measure(*find_query("q0"), input, {}));
}
