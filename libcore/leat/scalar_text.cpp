#include <leat/scalar_text.hpp>

#include <leat/detail/record/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>

namespace leat {
namespace {

parse_error to_parse_error(std::from_chars_result parsed, std::string_view text) {
  if (parsed.ec == std::errc::invalid_argument || parsed.ptr != text.data() + text.size())
    return parse_error::malformed;
  return parsed.ec == std::errc{} ? parse_error::none : parse_error::out_of_range;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size())
    return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 0x20) != lower[i])
      return false;
  return true;
}

/// Whether a well-formed number that no double holds is too small, not too large: its first
/// significant digit stands right of the point once the exponent is applied.
bool is_tiny(std::string_view text) {
  const auto e = text.find_first_of("eE");
  const std::string_view digits = text.substr(0, e);
  const auto point = std::min(digits.find('.'), digits.size());
  const auto first = digits.find_first_of("123456789");
  std::int64_t exponent = 0;
  if (e != std::string_view::npos) {
    const bool plus = text[e + 1] == '+';
    const std::string_view tail = text.substr(e + 1 + plus);
    if (std::from_chars(tail.data(), tail.data() + tail.size(), exponent).ec != std::errc{})
      return tail.front() == '-'; // an exponent beyond 64 bits outweighs all digits
  }
  constexpr std::int64_t beyond_all_digits = std::int64_t{1} << 62; // and the sum does not overflow
  exponent = std::clamp(exponent, -beyond_all_digits, beyond_all_digits);
  return exponent + static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) < 0;
}

template <class Float>
parse_error parse_floating_as(std::string_view text, Float& out) {
  Float value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const parse_error fault = to_parse_error(parsed, text);
  if (fault == parse_error::malformed)
    return fault;
  if (fault == parse_error::out_of_range) {
    if (!is_tiny(text))
      return fault;
    value = text.front() == '-' ? Float{-0.0} : Float{0};
  }
  // Libraries differ in two corners: infinity for a number too large, and NaNs with a payload.
  if (std::isinf(value) && text.find_first_of("iI") == std::string_view::npos)
    return parse_error::out_of_range;
  if (std::isnan(value) && text.back() == ')')
    return parse_error::malformed;
  out = value;
  return parse_error::none;
}

template <class Number>
void append_number(std::string& out, Number value) {
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_padded(std::string& out, std::int64_t value, std::size_t digits) {
  out.append(digits, '0');
  for (std::size_t at = out.size(); value != 0; value /= 10)
    out[--at] = static_cast<char>('0' + value % 10);
}

template <class Float>
void append_floating_as(std::string& out, Float value) {
  if (std::isnan(value))
    out += "nan";
  else
    append_number(out, value);
}

/// Takes a fixed form apart, from the left.
struct form {
  std::string_view rest;

  bool take(char c) {
    if (rest.empty() || rest.front() != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }

  bool take_number(std::size_t digits, int& number) {
    if (rest.size() < digits)
      return false;
    number = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const unsigned digit = static_cast<unsigned char>(rest[i]) - unsigned{'0'};
      if (digit > 9)
        return false;
      number = number * 10 + static_cast<int>(digit);
    }
    rest.remove_prefix(digits);
    return true;
  }

  bool take_year(int& year) {
    const bool minus = take('-');
    if (!minus && !take('+'))
      return take_number(4, year);
    if (!take_number(6, year))
      return false;
    year = minus ? -year : year;
    return true;
  }

  /// ".5" is 500000.
  bool take_micros(int& micros) {
    micros = 0;
    if (!take('.'))
      return true;
    const std::size_t digits =
        std::min<std::size_t>(rest.find_first_not_of("0123456789"), rest.size());
    if (digits < 1 || digits > 6 || !take_number(digits, micros))
      return false;
    for (std::size_t i = digits; i < 6; ++i)
      micros *= 10;
    return true;
  }
};

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

// The calendar repeats after 400 years. Whole cycles are split off, because std::chrono::year ends
// at 32767 while event times reach the year 294247.
constexpr std::int64_t years_per_cycle = 400;
constexpr std::int64_t days_per_cycle = 146'097;
constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::int64_t micros_per_second = 1'000'000;

bool days_since_1970(int year, int month, int day, std::int64_t& days) {
  const std::int64_t cycle = floor_div(year, years_per_cycle);
  const std::chrono::year_month_day date{
      std::chrono::year{static_cast<int>(year - cycle * years_per_cycle)},
      std::chrono::month{static_cast<unsigned>(month)},
      std::chrono::day{static_cast<unsigned>(day)}};
  days = std::chrono::sys_days{date}.time_since_epoch().count() + cycle * days_per_cycle;
  return date.ok();
}

} // namespace

parse_error parse_bool(std::string_view text, bool& out) {
  const bool yes = text == "1" || equals_ignoring_case(text, "true");
  if (!yes && text != "0" && !equals_ignoring_case(text, "false"))
    return parse_error::malformed;
  out = yes;
  return parse_error::none;
}

parse_error parse_signed(std::string_view text, std::int64_t min, std::int64_t max,
                         std::int64_t& out) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (const parse_error fault = to_parse_error(parsed, text); fault != parse_error::none)
    return fault;
  if (value < min || value > max)
    return parse_error::out_of_range;
  out = value;
  return parse_error::none;
}

parse_error parse_unsigned(std::string_view text, std::uint64_t max, std::uint64_t& out) {
  const bool minus = !text.empty() && text.front() == '-';
  const std::string_view digits = text.substr(minus);
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (const parse_error fault = to_parse_error(parsed, digits); fault != parse_error::none)
    return fault;
  if (value > (minus ? 0 : max))
    return parse_error::out_of_range;
  out = value;
  return parse_error::none;
}

parse_error parse_floating(std::string_view text, float& out) {
  return parse_floating_as(text, out);
}
parse_error parse_floating(std::string_view text, double& out) {
  return parse_floating_as(text, out);
}

parse_error parse_time(std::string_view text, event_time& out) {
  form in{text};
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
  const bool formed = in.take_year(year) && in.take('-') && in.take_number(2, month) &&
                      in.take('-') && in.take_number(2, day) && (in.take('T') || in.take(' ')) &&
                      in.take_number(2, hour) && in.take(':') && in.take_number(2, minute) &&
                      in.take(':') && in.take_number(2, second) && in.take_micros(micros);
  in.take('Z');
  std::int64_t days = 0;
  if (!formed || !in.rest.empty() || hour > 23 || minute > 59 || second > 59 ||
      !days_since_1970(year, month, day, days))
    return parse_error::malformed;

  std::int64_t seconds = days * seconds_per_day + hour * 3600 + minute * 60 + second;
  std::int64_t fraction = micros;
  if (seconds < 0) { // round towards zero first, or the earliest second overflows on its way
    seconds += 1;
    fraction -= micros_per_second;
  }
  std::int64_t total = 0;
  if (__builtin_mul_overflow(seconds, micros_per_second, &total) ||
      __builtin_add_overflow(total, fraction, &total))
    return parse_error::out_of_range;
  out = event_time{std::chrono::microseconds{total}};
  return parse_error::none;
}

std::string parse_reason(parse_error fault, std::string_view text, std::string_view expected,
                         std::string_view type) {
  if (fault == parse_error::out_of_range)
    return fmt::format("{} does not fit in {}", text.size() > 40 ? shown(text) : text, type);
  if (text.empty())
    return fmt::format("nothing where {} is expected", expected);
  return fmt::format("{} is not {}", shown(text), expected);
}

void append_bool(std::string& out, bool value) { out += value ? "true" : "false"; }
void append_integer(std::string& out, std::int64_t value) { append_number(out, value); }
void append_integer(std::string& out, std::uint64_t value) { append_number(out, value); }
void append_floating(std::string& out, float value) { append_floating_as(out, value); }
void append_floating(std::string& out, double value) { append_floating_as(out, value); }

void append_time(std::string& out, event_time value) {
  const std::int64_t total = value.time_since_epoch().count();
  const std::int64_t seconds = floor_div(total, micros_per_second);
  const std::int64_t days = floor_div(seconds, seconds_per_day);
  const std::int64_t in_day = seconds - days * seconds_per_day;
  const std::int64_t cycle = floor_div(days, days_per_cycle);
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(days - cycle * days_per_cycle)}}};
  const std::int64_t year = int{date.year()} + cycle * years_per_cycle;

  if (year < 0 || year > 9999)
    append_padded(out += year < 0 ? '-' : '+', year < 0 ? -year : year, 6);
  else
    append_padded(out, year, 4);
  append_padded(out += '-', unsigned{date.month()}, 2);
  append_padded(out += '-', unsigned{date.day()}, 2);
  append_padded(out += 'T', in_day / 3600, 2);
  append_padded(out += ':', in_day / 60 % 60, 2);
  append_padded(out += ':', in_day % 60, 2);
  const std::int64_t micros = total % micros_per_second;
  if (micros != 0) {
    append_padded(out += '.', micros < 0 ? micros + micros_per_second : micros, 6);
    out.resize(out.find_last_not_of('0') + 1);
  }
  out += 'Z';
}

} // namespace leat
