#include <leat/time.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

TEST_CASE("numbers since 1970 become event times, within the range of event times") {
  constexpr leat::event_time epoch{};
  CHECK(leat::from_micros(1'500) == epoch + 1500us);
  CHECK(leat::from_millis(-1'500) == epoch - 1500ms);
  CHECK(leat::from_seconds(1'700'000'000) == epoch + 1'700'000'000s);
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  CHECK(leat::from_millis(most) == leat::end_of_time);
  CHECK(leat::from_millis(-most - 1) == leat::begin_of_time);
  CHECK(leat::from_seconds(most / 1'000'000) <= leat::end_of_time);
  CHECK(leat::from_seconds(most / 1'000'000 + 1) == leat::end_of_time);
}
