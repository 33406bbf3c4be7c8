#include <leat/quantities.hpp>

#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <span>

namespace leat {

namespace {

struct unit {
  std::string_view name;
  std::int64_t size;
};

constexpr unit durations[] = {{"ns", 1},
                              {"us", 1'000},
                              {"ms", 1'000'000},
                              {"s", 1'000'000'000},
                              {"min", 60'000'000'000},
                              {"h", 3'600'000'000'000}};
constexpr unit counts[] = {{"", 1}};
constexpr unit sizes[] = {{"", 1},
                          {"B", 1},
                          {"kB", 1'000},
                          {"MB", 1'000'000},
                          {"GB", 1'000'000'000},
                          {"TB", 1'000'000'000'000},
                          {"KiB", 1LL << 10},
                          {"MiB", 1LL << 20},
                          {"GiB", 1LL << 30},
                          {"TiB", 1LL << 40}};

std::optional<std::uint64_t> parse(std::string_view text, std::span<const unit> units,
                                   std::uint64_t most) {
  std::uint64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), last, value);
  if (fault != std::errc{} || value == 0)
    return {};
  const std::string_view name(end, static_cast<std::size_t>(last - end));
  for (const unit& u : units)
    if (u.name == name && value <= most / static_cast<std::uint64_t>(u.size))
      return value * static_cast<std::uint64_t>(u.size);
  return {};
}

// Three digits; the limits are those at which rounding would make a fourth.
std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}
constexpr double too_many = 999.5;

} // namespace

std::string grouped(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t at = text.size(); at > 3;)
    text.insert(at -= 3, " ");
  return text;
}

std::string compact(double number) {
  if (number < too_many)
    return fmt::format("{:.0f}", number);
  const char* unit = "";
  for (const char* next : {" k", " M", " G", " T"}) {
    number /= 1000;
    unit = next;
    if (number < too_many)
      break;
  }
  return three_digits(number) + unit;
}

std::string duration_text(std::chrono::nanoseconds d) {
  if (d.count() < 1000)
    return fmt::format("{} ns", d.count());
  double value = static_cast<double>(d.count());
  const char* unit = "";
  for (const char* next : {" µs", " ms", " s"}) {
    value /= 1000;
    unit = next;
    if (value < too_many)
      break;
  }
  return three_digits(value) + unit;
}

std::string clock_text(std::chrono::nanoseconds d) {
  const std::int64_t tenths = d / std::chrono::milliseconds{100};
  const std::int64_t seconds = tenths / 10;
  if (seconds < 60)
    return fmt::format("{}.{} s", seconds, tenths % 10);
  if (seconds < 3600)
    return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string percent(double share) { return fmt::format("{:.0f} %", share * 100); }

std::string exact_text(std::chrono::nanoseconds d) {
  const unit* largest = &durations[0];
  for (const unit& u : durations)
    if (d.count() % u.size == 0)
      largest = &u;
  return fmt::format("{}{}", d.count() / largest->size, largest->name);
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  return parse(text, counts, std::numeric_limits<std::uint64_t>::max());
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto n = parse(text, durations, std::chrono::nanoseconds::max().count());
  return n ? std::optional(std::chrono::nanoseconds{static_cast<std::int64_t>(*n)}) : std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse(text, sizes, std::numeric_limits<std::int64_t>::max());
}

} // namespace leat
