#include <leat/detail/window/aligned_windows.hpp>

namespace leat::detail {

result<void> aligned_windows::check() const {
  for (const auto& done : {check_span("size", size_, 1), check_span("slide", slide_, 1),
                           check_span("offset", offset_, -most_window_time),
                           check_span("allowed lateness", lateness_, 0)})
    if (!done)
      return done;
  if (slide_ > size_)
    return user_error(
        "windows slide by more than their size, so records between them would be in none",
        "choose a slide up to the size");
  return {};
}

} // namespace leat::detail
