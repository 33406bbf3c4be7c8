// Text in columns, for help and summary.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leat {

/// Labels and what stands beside them. An empty label continues the row above.
using text_rows = std::vector<std::pair<std::string, std::string>>;

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

} // namespace leat
