#include <leat/detail/record/utf8.hpp>
#include <leat/scalar_text.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <limits>

namespace {

using leat::event_time;
using leat::parse_error;

enum class side : std::int8_t { buy = 1, sell = -1 };

static_assert(leat::scalar<side> && leat::scalar<long> && leat::scalar<long long>);
static_assert(!leat::scalar<char> && !leat::scalar<long double> && !leat::scalar<const char*>);

/// The value, or the reason why there is none.
template <class T>
std::string read(std::string_view text) {
  T value{};
  const parse_error why = leat::parse_scalar(text, value);
  if (why != parse_error::none)
    return leat::parse_reason<T>(why, text);
  std::string out;
  leat::append_scalar(out, value);
  return out;
}

template <class T>
bool survives(T value) {
  std::string text;
  leat::append_scalar(text, value);
  T back{};
  return leat::parse_scalar(text, back) == parse_error::none && back == value;
}

event_time micros(std::int64_t count) { return event_time{std::chrono::microseconds{count}}; }

template <class T>
void check_limits(std::string below, std::string above, std::string type) {
  CHECK(survives(std::numeric_limits<T>::min()));
  CHECK(survives(std::numeric_limits<T>::max()));
  CHECK(read<T>(below) == below + " does not fit in " + type);
  CHECK(read<T>(above) == above + " does not fit in " + type);
}

} // namespace

TEST_CASE("integers are read whole, and must fit") {
  check_limits<std::int8_t>("-129", "128", "int8");
  check_limits<std::int16_t>("-32769", "32768", "int16");
  check_limits<std::int32_t>("-2147483649", "2147483648", "int32");
  check_limits<std::int64_t>("-9223372036854775809", "9223372036854775808", "int64");
  check_limits<std::uint8_t>("-1", "256", "uint8");
  check_limits<std::uint16_t>("-1", "65536", "uint16");
  check_limits<std::uint32_t>("-1", "4294967296", "uint32");
  check_limits<std::uint64_t>("-1", "18446744073709551616", "uint64");
  check_limits<long long>("-9223372036854775809", "9223372036854775808", "int64");
  CHECK(read<int>("007") == "7");
  CHECK(read<int>("-0") == "0");
  CHECK(read<unsigned>("-0") == "0");
  for (const char* text :
       {"+1", " 1", "1 ", "1.0", "1e3", "0x10", "--1", "-", "1,", "abc", "1\n"}) {
    CHECK(read<int>(text) == leat::shown(text) + " is not a whole number");
    CHECK(read<std::uint64_t>(text) == leat::shown(text) + " is not a whole number");
  }
  CHECK(read<int>("") == "nothing where a whole number is expected");
  CHECK(read<int>(std::string_view{"1\0", 2}) == "\"1\\x00\" is not a whole number");
}

TEST_CASE("a failed parse leaves the value alone") {
  std::uint8_t small = 7;
  CHECK(leat::parse_scalar("300", small) == parse_error::out_of_range);
  CHECK(leat::parse_scalar("x", small) == parse_error::malformed);
  CHECK(small == 7);
}

TEST_CASE("an enum is its integer") {
  side s{};
  CHECK(leat::parse_scalar("-1", s) == parse_error::none);
  CHECK(s == side::sell);
  CHECK(survives(side::buy));
  CHECK(read<side>("200") == "200 does not fit in int8");
  CHECK(read<side>("buy") == "\"buy\" is not a whole number");
}

TEST_CASE("bool is true, false, 1 or 0") {
  for (const char* text : {"true", "True", "TRUE", "1"})
    CHECK(read<bool>(text) == "true");
  for (const char* text : {"false", "False", "0"})
    CHECK(read<bool>(text) == "false");
  for (const char* text : {"yes", "2", "t", "true ", "tru", "truee", "\x54rue\x01"})
    CHECK(read<bool>(text) == leat::shown(text) + " is not true or false");
  CHECK(read<bool>("") == "nothing where true or false is expected");
}

TEST_CASE("floats round to nearest, and zero is nearest to what is tiny") {
  CHECK(read<double>("0.1") == "0.1");
  CHECK(read<float>("0.1") == "0.1");
  CHECK(read<double>("1e3") == "1000");
  CHECK(read<double>("-1.50") == "-1.5");
  CHECK(read<double>("1E+2") == "100");
  CHECK(read<double>(".5") == "0.5");
  CHECK(read<double>("5.") == "5");
  for (const char* text : {"nan", "NaN", "-nan"})
    CHECK(read<double>(text) == "nan");
  for (const char* text : {"inf", "Infinity", "INF"})
    CHECK(read<float>(text) == "inf");
  CHECK(read<float>("-inf") == "-inf");

  CHECK(read<double>("1e400") == "1e400 does not fit in double");
  CHECK(read<double>("-1e400") == "-1e400 does not fit in double");
  CHECK(read<float>("1e39") == "1e39 does not fit in float");
  CHECK(read<float>("0.001e50") == "0.001e50 does not fit in float");
  CHECK(read<double>("1e99999999999999999999") == "1e99999999999999999999 does not fit in double");
  CHECK(read<double>("1e-400") == "0");
  CHECK(read<double>("-1e-400") == "-0");
  CHECK(read<double>("0.00001e-400") == "0");
  CHECK(read<double>("0.00001e-9223372036854775808") == "0");
  CHECK(read<double>("-1e-9223372036854775808") == "-0");
  double untouched = 1;
  for (const char* huge : {"1e9223372036854775807", "-12.5e9223372036854775806",
                           "1e99999999999999999999", "100e+9223372036854775807"})
    CHECK(leat::parse_scalar(huge, untouched) == parse_error::out_of_range);
  CHECK(read<double>("1e-99999999999999999999") == "0");
  CHECK(read<float>("-1e-60") == "-0");
  CHECK(read<float>("1e-45") == "1e-45");
  CHECK(read<double>("0" + std::string(500, '0') + ".1") == "0.1");
  CHECK(read<double>(std::string(400, '1')) ==
        '"' + std::string(40, '1') + "...\" does not fit in double");
  CHECK(read<double>('.' + std::string(400, '0') + '1') == "0");

  for (const char* text :
       {"+1", " 1", "1 ", "1,5", "1e", "0x1p3", ".", "-", "nan(1)", "infin", "e5"})
    CHECK(read<double>(text) == leat::shown(text) + " is not a number");
}

TEST_CASE("floats survive their shortest text") {
  CHECK(rc::check([](std::uint64_t bits) {
    const auto value = std::bit_cast<double>(bits);
    RC_PRE(!std::isnan(value));
    RC_ASSERT(survives(value));
  }));
  CHECK(rc::check([](std::uint32_t bits) {
    const auto value = std::bit_cast<float>(bits);
    RC_PRE(!std::isnan(value));
    RC_ASSERT(survives(value));
  }));
  CHECK(survives(std::numeric_limits<double>::denorm_min()));
  CHECK(survives(std::numeric_limits<float>::denorm_min()));
  CHECK(survives(std::numeric_limits<double>::max()));
}

TEST_CASE("times are ISO 8601 in UTC") {
  const event_time t =
      std::chrono::sys_days{std::chrono::year{2026} / 1 / 5} + std::chrono::seconds{37230};
  for (const char* text : {"2026-01-05T10:20:30Z", "2026-01-05 10:20:30Z", "2026-01-05T10:20:30",
                           "2026-01-05 10:20:30", "2026-01-05 10:20:30.000000"}) {
    event_time read_back{};
    CHECK(leat::parse_time(text, read_back) == parse_error::none);
    CHECK(read_back == t);
  }
  CHECK(read<event_time>("2026-01-05 10:20:30") == "2026-01-05T10:20:30Z");
  CHECK(read<event_time>("2026-01-05 10:20:30.5") == "2026-01-05T10:20:30.5Z");
  CHECK(read<event_time>("2026-01-05T10:20:30.000001Z") == "2026-01-05T10:20:30.000001Z");
  CHECK(read<event_time>("1969-12-31T23:59:59.999999Z") == "1969-12-31T23:59:59.999999Z");
  CHECK(read<event_time>("0000-02-29T00:00:00Z") == "0000-02-29T00:00:00Z");
  CHECK(read<event_time>("-000001-12-31T00:00:00Z") == "-000001-12-31T00:00:00Z");
  CHECK(read<event_time>("+012026-01-05T00:00:00Z") == "+012026-01-05T00:00:00Z");
  CHECK(read<event_time>("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00Z");
  CHECK(read<event_time>("+999999-01-01T00:00:00Z") ==
        "+999999-01-01T00:00:00Z does not fit in time");
  CHECK(read<event_time>("-290308-12-21T19:59:05.224191Z") ==
        "-290308-12-21T19:59:05.224191Z does not fit in time");

  for (const char* text : {"2025-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-01-32T00:00:00Z",
                           "2026-01-05T24:00:00Z",
                           "2026-01-05T00:60:00Z",
                           "2026-01-05T23:59:60Z",
                           "2026-01-05",
                           "2026-01-05T10:20Z",
                           "2026-01-05T10:20:30+02:00",
                           "2026-01-05T10:20:30.Z",
                           "2026-01-05T10:20:30.1234567Z",
                           "2026-01-05T10:20:30ZZ",
                           " 2026-01-05T10:20:30Z",
                           "2026-1-5T10:20:30Z",
                           "2026-01-05t10:20:30z",
                           "26-01-05T10:20:30Z",
                           "1767608430",
                           "now",
                           "2026-01-05T10:20:30.12x"})
    CHECK(read<event_time>(text).ends_with("\" is not a time like 2026-01-05T10:20:30Z"));
}

TEST_CASE("every time survives its text") {
  CHECK(survives(leat::begin_of_time));
  CHECK(survives(leat::end_of_time));
  CHECK(survives(micros(0)));
  CHECK(survives(micros(-1)));
  CHECK(survives(leat::processing_time{std::chrono::microseconds{-1}}));
  CHECK(read<leat::processing_time>("2026-01-05 10:20:30.5") == "2026-01-05T10:20:30.5Z");
  CHECK(read<leat::processing_time>("no") == "\"no\" is not a time like 2026-01-05T10:20:30Z");
  CHECK(rc::check([](std::int64_t count) { RC_ASSERT(survives(micros(count))); }));
  CHECK(rc::check([] { // around now, where the random walk above rarely goes
    RC_ASSERT(survives(
        micros(*rc::gen::inRange<std::int64_t>(-4'000'000'000'000'000, 4'000'000'000'000'000))));
  }));
  std::string text;
  leat::append_time(text, leat::begin_of_time);
  leat::append_time(text += ' ', leat::end_of_time);
  CHECK(text == "-290308-12-21T19:59:05.224192Z +294247-01-10T04:00:54.775807Z");
}
