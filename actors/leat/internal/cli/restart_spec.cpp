#include <leat/internal/cli/restart_spec.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/quantities.hpp>
#include <leat/scalar_text.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

// The values of a specification that begins with this name; none if it has another one.
std::vector<std::string_view> values_of(std::string_view text, std::string_view name) {
  std::vector<std::string_view> all;
  if (!text.starts_with(name))
    return all;
  for (text.remove_prefix(name.size()); !text.empty();) {
    const std::size_t end = std::min(text.find(','), text.size());
    all.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

bool read(std::string_view text, std::size_t& count) {
  std::uint64_t value = 0;
  if (parse_scalar(text, value) != parse_error::none || value == 0)
    return false;
  count = value;
  return true;
}

bool read(std::string_view text, std::chrono::nanoseconds& time) {
  const auto parsed = parse_duration(text);
  if (parsed)
    time = *parsed;
  return static_cast<bool>(parsed);
}

} // namespace

result<restart_options> parse_restart(std::string_view text) {
  restart_options o;
  if (text == "fail")
    return o;
  const auto fixed = values_of(text, "fixed:");
  if (fixed.size() == 2 && read(fixed[0], o.attempts) && read(fixed[1], o.delay)) {
    o.longest_delay = o.delay;
    return o;
  }
  const auto growing = values_of(text, "exponential:");
  o.factor = 2;
  if (growing.size() == 3 && read(growing[0], o.attempts) && read(growing[1], o.delay) &&
      read(growing[2], o.longest_delay) && o.longest_delay >= o.delay)
    return o;
  return user_error(fmt::format("invalid restart {}", shown(text)),
                    "fail, fixed:3,1s (attempts, delay) or exponential:10,1s,1min (attempts, first "
                    "and longest delay)");
}

} // namespace leat
