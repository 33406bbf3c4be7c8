#include <leat/grouping.hpp>

#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace leat {

namespace {

using std::chrono::nanoseconds;

struct unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr unit units[] = {{"ns", 1},
                          {"us", 1'000},
                          {"ms", 1'000'000},
                          {"s", 1'000'000'000},
                          {"min", 60'000'000'000},
                          {"h", 3'600'000'000'000}};

std::optional<std::int64_t> read_number(std::string_view text, std::string_view& rest) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || value <= 0)
    return {};
  rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<std::size_t> read_count(std::string_view text) {
  std::string_view rest;
  const auto value = read_number(text, rest);
  return value && rest.empty() ? std::optional<std::size_t>(*value) : std::nullopt;
}

std::optional<nanoseconds> read_duration(std::string_view text) {
  std::string_view rest;
  const auto value = read_number(text, rest);
  if (!value)
    return {};
  for (const unit& u : units)
    if (rest == u.name && *value <= std::numeric_limits<std::int64_t>::max() / u.nanoseconds)
      return nanoseconds{*value * u.nanoseconds};
  return {};
}

std::string text_of(nanoseconds d) {
  const unit* best = &units[0];
  for (const unit& u : units)
    if (d.count() % u.nanoseconds == 0)
      best = &u;
  return fmt::format("{}{}", d.count() / best->nanoseconds, best->name);
}

} // namespace

result<any_grouping> any_grouping::parse(std::string_view spec) {
  const auto colon = spec.find(':');
  const std::string_view kind = spec.substr(0, colon);
  const std::string_view rest = colon == spec.npos ? std::string_view{} : spec.substr(colon + 1);
  const auto comma = rest.find(',');
  const std::string_view first = rest.substr(0, comma);
  const std::string_view second = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);

  if (spec == "record")
    return any_grouping(record_at_a_time{});
  if (spec == "batch")
    return any_grouping(batch{});
  if (kind == "micro-batch")
    if (const auto n = read_count(first))
      if (const auto delay = read_duration(second))
        return any_grouping(micro_batch{*n, *delay});
  if (kind == "every")
    if (const auto d = read_duration(first)) {
      if (comma == rest.npos)
        return any_grouping(every{*d});
      if (const auto n = read_count(second))
        return any_grouping(every{*d, *n});
    }
  return user_error(
      fmt::format("\"{}\" is no grouping", spec),
      "one of: record | micro-batch:COUNT,DELAY (micro-batch:256,5ms) | every:DURATION "
      "(every:1s) | every:DURATION,MAX-COUNT | batch; durations in ns, us, ms, s, min, h");
}

std::string any_grouping::text() const {
  if (is_record_at_a_time())
    return "record";
  if (is_batch())
    return "batch";
  if (!aligned_)
    return fmt::format("micro-batch:{},{}", count_, text_of(delay_));
  if (count_ == every{delay_}.max_count)
    return fmt::format("every:{}", text_of(delay_));
  return fmt::format("every:{},{}", text_of(delay_), count_);
}

void any_grouping::check() const {
  if (count_ == 0 || delay_.count() <= 0)
    throw failure(user_error("a grouping of no records or no time",
                             "count, max_count, delay and duration are above zero"));
}

} // namespace leat
