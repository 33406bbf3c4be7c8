// Text in columns, for help and summary.
#pragma once

#include <leat/options.hpp>

#include <cstddef>

namespace leat {

/// How many columns a UTF-8 text takes, counting one for each code point.
std::size_t width_of(std::string_view text);

/// The text, or as much of it as fits into so many columns.
std::string cut(std::string_view text, std::size_t columns);

struct column_layout {
  std::size_t indent = 0;
  std::size_t widest_label = 40; ///< a label above this stands on a line of its own
  std::size_t width = 0;         ///< lines are broken between words to stay within; 0: they are not
};

/// One line a row, or several where the text is too long or has line breaks of its own; texts are
/// aligned behind the widest label.
std::string in_columns(const text_rows& rows, const column_layout& layout = {});

/// How help is laid out.
inline constexpr column_layout help_layout{2, 26, 90};

} // namespace leat
