#include <leat/internal/cli/columns.hpp>

#include <algorithm>

namespace leat {

namespace {

bool starts_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// The lines of a text; `width` 0 breaks only at its own line breaks. A word that is too long stays.
std::vector<std::string> lines_of(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    std::string& line = lines.back();
    if (width > 0 && !line.empty() && width_of(line) + 1 + width_of(word) > width)
      lines.emplace_back(word);
    else
      line += (line.empty() ? "" : " ") + std::string(word);
    if (end < text.size() && text[end] == '\n')
      lines.emplace_back();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

} // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

std::string cut(std::string_view text, std::size_t columns) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (starts_code_point(text[i]) && used++ == columns)
      return std::string(text.substr(0, i));
  return std::string(text);
}

std::string in_columns(const text_rows& rows, const column_layout& layout) {
  std::size_t labels = 0;
  for (const auto& [label, text] : rows)
    if (width_of(label) <= layout.widest_label)
      labels = std::max(labels, width_of(label));
  const std::size_t begin = layout.indent + labels + 2;
  const std::size_t room = layout.width > begin ? layout.width - begin : 0;

  std::string all;
  for (const auto& [label, text] : rows) {
    std::string line = std::string(layout.indent, ' ') + label;
    if (width_of(label) > layout.widest_label) {
      all += line + '\n';
      line.clear();
    }
    for (const std::string& part : lines_of(text, room)) {
      if (!part.empty())
        line += std::string(begin - width_of(line), ' ') + part;
      all += line + '\n';
      line.clear();
    }
  }
  return all;
}

} // namespace leat
