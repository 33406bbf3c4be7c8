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

TEST_CASE("processing time is a reading of the clock since 1970, and never beyond its range") {
  struct shifted final : leat::clock {
    leat::clock_time reading = 0;
    leat::clock_time now() const override { return reading; }
    leat::clock_time origin() const override { return 1'700'000'000'000'000'500; }
  } clock;
  constexpr leat::processing_time start{1'700'000'000s};
  CHECK(clock.processing_now() == start);
  clock.reading = 499;
  CHECK(clock.processing_now() == start);
  clock.reading = 500;
  CHECK(clock.processing_now() == start + 1us);
  CHECK(clock.reading_at(start + 1us) == 500);
  CHECK(clock.reading_at(start - 1us) == -1500);
  CHECK(clock.reading_at(leat::processing_time::min()) == -clock.origin());
  clock.reading = clock.reading_at(leat::processing_time::max());
  CHECK(clock.reading > 0);
  static_assert(!std::is_convertible_v<leat::event_time, leat::processing_time>);
  static_assert(!std::is_convertible_v<leat::processing_time, leat::event_time>);
}
