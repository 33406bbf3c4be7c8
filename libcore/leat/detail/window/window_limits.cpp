#include <leat/detail/window/window_limits.hpp>

#include <leat/quantities.hpp>

#include <fmt/format.h>

#include <cstdlib>

namespace leat::detail {
namespace {

std::string in_text(std::int64_t micros) { return exact_text(std::chrono::microseconds{micros}); }

std::string lateness_text(std::int64_t micros) {
  return micros == 0 ? "" : ", late by up to " + in_text(micros);
}

} // namespace

result<void> check_span(const char* what, std::int64_t micros, std::int64_t least) {
  if (micros >= least && micros <= most_window_time)
    return {};
  return user_error(fmt::format("the {} of a window is {} us", what, micros),
                    fmt::format("choose one from {} us to {} us", least, most_window_time));
}

std::string aligned_text(std::int64_t size, std::int64_t slide, std::int64_t offset,
                         std::int64_t lateness) {
  std::string text = slide == size ? fmt::format("tumbling {}", in_text(size))
                                   : fmt::format("sliding {} by {}", in_text(size), in_text(slide));
  if (offset != 0)
    text += fmt::format(", offset {}{}", offset < 0 ? "-" : "", in_text(std::abs(offset)));
  return text + lateness_text(lateness);
}

std::string session_text(std::int64_t gap, std::int64_t lateness) {
  return (gap == 0 ? "session by record" : "session " + in_text(gap)) + lateness_text(lateness);
}

} // namespace leat::detail
