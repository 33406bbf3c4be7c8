#include <leat/quantities.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <algorithm>

using namespace leat;
using namespace std::chrono_literals;

TEST_CASE("numbers in groups of three") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1 000");
  CHECK(grouped(1234567) == "1 234 567");
  CHECK(rc::check([](std::uint64_t n) {
    std::string digits = grouped(n);
    digits.erase(std::remove(digits.begin(), digits.end(), ' '), digits.end());
    RC_ASSERT(digits == std::to_string(n));
  }));
}

TEST_CASE("compact numbers have three digits") {
  CHECK(compact(0) == "0");
  CHECK(compact(12.3) == "12");
  CHECK(compact(999.4) == "999");
  CHECK(compact(999.6) == "1.00 k");
  CHECK(compact(9994) == "9.99 k");
  CHECK(compact(9996) == "10.0 k");
  CHECK(compact(99'960) == "100 k");
  CHECK(compact(999'400) == "999 k");
  CHECK(compact(999'600) == "1.00 M");
  CHECK(compact(1'234'567) == "1.23 M");
  CHECK(compact(2.5e9) == "2.50 G");
  CHECK(compact(2.5e15) == "2500 T");
}

TEST_CASE("durations in the unit that suits them") {
  CHECK(duration_text(0ns) == "0 ns");
  CHECK(duration_text(812ns) == "812 ns");
  CHECK(duration_text(1us) == "1.00 µs");
  CHECK(duration_text(12'345ns) == "12.3 µs");
  CHECK(duration_text(999'600ns) == "1.00 ms");
  CHECK(duration_text(4'803'211ns) == "4.80 ms");
  CHECK(duration_text(1234ms) == "1.23 s");
  CHECK(duration_text(3h) == "10800 s");
}

TEST_CASE("time since the start") {
  CHECK(clock_text(0ns) == "0.0 s");
  CHECK(clock_text(12'399ms) == "12.3 s");
  CHECK(clock_text(59'999ms) == "59.9 s");
  CHECK(clock_text(65s) == "1:05");
  CHECK(clock_text(3725s) == "1:02:05");
}

TEST_CASE("shares in percent") {
  CHECK(percent(0.934) == "93 %");
  CHECK(percent(1) == "100 %");
}

TEST_CASE("durations are read") {
  CHECK(parse_duration("100us") == 100us);
  CHECK(parse_duration("7ns") == 7ns);
  CHECK(parse_duration("5ms") == 5ms);
  CHECK(parse_duration("2s") == 2s);
  CHECK(parse_duration("3min") == 3min);
  CHECK(parse_duration("1h") == 1h);
  for (const char* wrong : {"", "5", "us", "0s", "-1s", "+1s", "1.5s", "5 ms", "5ms ", "5 m", "5S",
                            "9223372036854775807s", "99999999999999999999s"})
    CHECK(!parse_duration(wrong));
}

TEST_CASE("exact durations are read back") {
  for (const auto d : {std::chrono::nanoseconds{1}, std::chrono::nanoseconds{1001us},
                       std::chrono::nanoseconds{90s}, std::chrono::nanoseconds{2h}})
    CHECK(parse_duration(leat::exact_text(d)) == d);
  CHECK(leat::exact_text(5'000us) == "5ms");
}

TEST_CASE("counts are read") {
  CHECK(leat::parse_count("1") == 1);
  CHECK(leat::parse_count("18446744073709551615") == 18446744073709551615U);
  for (const char* wrong : {"", "0", "-1", "+1", "1 ", "1.5", "18446744073709551616"})
    CHECK(!leat::parse_count(wrong));
}

TEST_CASE("sizes are read") {
  CHECK(parse_size("17") == 17);
  CHECK(parse_size("17B") == 17);
  CHECK(parse_size("1kB") == 1000);
  CHECK(parse_size("512MB") == 512'000'000);
  CHECK(parse_size("2GB") == 2'000'000'000);
  CHECK(parse_size("1TB") == 1'000'000'000'000);
  CHECK(parse_size("1KiB") == 1024);
  CHECK(parse_size("64MiB") == 64 * 1024 * 1024);
  CHECK(parse_size("1GiB") == 1 << 30);
  CHECK(parse_size("1TiB") == std::uint64_t{1} << 40);
  for (const char* wrong : {"", "MB", "0", "-1", "1.5GB", "1 GB", "1gb", "99999999TB"})
    CHECK(!parse_size(wrong));
}
