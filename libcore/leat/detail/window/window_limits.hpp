// What all kinds of windows say, check and print.
#pragma once

#include <leat/error.hpp>

#include <cstdint>
#include <string>

namespace leat::detail {

/// The largest size, slide, gap, offset and lateness of a window in microseconds, 285 years, and
/// the latest event time in one, before or after 1970: so sums of them do not overflow.
inline constexpr std::int64_t most_window_time = std::int64_t{1} << 53;
inline constexpr std::int64_t most_event_time = std::int64_t{1} << 60;

/// What a record did to the panes of its key.
enum class pane_change : std::uint8_t {
  grown,  ///< it is in one that was there
  is_new, ///< it is in a new one
  late    ///< it is in none
};

result<void> check_span(const char* what, std::int64_t micros, std::int64_t least);
/// Windows as describe() has them.
std::string aligned_text(std::int64_t size, std::int64_t slide, std::int64_t offset,
                         std::int64_t lateness);
/// `gap` 0: it depends on the record.
std::string session_text(std::int64_t gap, std::int64_t lateness);

} // namespace leat::detail
