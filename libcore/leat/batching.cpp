#include <leat/batching.hpp>

#include <leat/quantities.hpp>

#include <fmt/format.h>

namespace leat {

result<any_batching> any_batching::parse(std::string_view spec) {
  const auto colon = spec.find(':');
  const std::string_view kind = spec.substr(0, colon);
  const std::string_view rest = colon == spec.npos ? std::string_view{} : spec.substr(colon + 1);
  const auto comma = rest.find(',');
  const std::string_view first = rest.substr(0, comma);
  const std::string_view second = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);

  if (spec == "record")
    return any_batching(record_at_a_time{});
  if (spec == "batch")
    return any_batching(batch{});
  if (kind == "micro-batch")
    if (const auto n = parse_count(first))
      if (const auto delay = parse_duration(second))
        return any_batching(micro_batch{*n, *delay});
  if (kind == "every")
    if (const auto d = parse_duration(first)) {
      if (comma == rest.npos)
        return any_batching(every{*d});
      if (const auto n = parse_count(second))
        return any_batching(every{*d, *n});
    }
  return user_error(
      fmt::format("invalid batching \"{}\"", spec),
      "one of: record | micro-batch:COUNT,DELAY (micro-batch:256,5ms) | every:DURATION "
      "(every:1s) | every:DURATION,MAX-COUNT | batch; counts and durations above 0, durations in "
      "ns, "
      "us, ms, s, min, h");
}

std::string any_batching::text() const {
  if (is_record_at_a_time())
    return "record";
  if (is_batch())
    return "batch";
  if (!aligned_)
    return fmt::format("micro-batch:{},{}", count_, exact_text(delay_));
  if (count_ == every{delay_}.max_count)
    return fmt::format("every:{}", exact_text(delay_));
  return fmt::format("every:{},{}", exact_text(delay_), count_);
}

void any_batching::check() const {
  if (count_ == 0 || delay_.count() <= 0)
    throw failure(user_error("invalid batching: a count or duration of zero",
                             "count, max_count, delay and duration must be above zero"));
}

} // namespace leat
