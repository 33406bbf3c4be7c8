#include <leat/csv.hpp>

#include <leat/detail/record/utf8.hpp>

#include <fmt/format.h>

namespace leat {
namespace {

std::string list_names(std::span<const csv_cell> cells) {
  constexpr std::size_t most = 30;
  std::string list;
  for (std::size_t i = 0; i < cells.size() && i < most; ++i)
    list += (i == 0 ? "" : ", ") + shown(cells[i].text);
  if (cells.size() > most)
    list += fmt::format(" and {} more", cells.size() - most);
  return list;
}

} // namespace

result<void> csv_splitter::split(std::string_view line) {
  count_ = 0;
  unescaped_.clear();
  if (const std::size_t valid = valid_utf8_length(line); valid != line.size())
    return user_error(fmt::format("byte {} is not UTF-8", valid + 1));

  for (std::size_t at = 0;; ++at) { // `at` stands on the first byte of a cell
    csv_cell cell;
    if (at < line.size() && line[at] == '"') {
      if (auto quoted = quoted_cell(line, at, cell); !quoted)
        return quoted;
    } else {
      const std::size_t start = at;
      while (at < line.size() && line[at] != ',' && line[at] != '"')
        ++at;
      cell.text = line.substr(start, at - start);
    }
    if (at < line.size() && line[at] != ',')
      return user_error(fmt::format("field {}: {}", count_ + 1,
                                    cell.quoted ? "text after the closing quote"
                                                : "a quote inside a field without quotes"));
    if (count_ < cells_.size())
      cells_[count_] = cell;
    ++count_;
    if (at == line.size())
      return {};
  }
}

/// From the opening quote to behind the closing one.
result<void> csv_splitter::quoted_cell(std::string_view line, std::size_t& at, csv_cell& cell) {
  const std::size_t start = ++at;
  bool doubled = false;
  for (;; at += 2) {
    at = line.find('"', at);
    if (at == std::string_view::npos)
      return user_error(fmt::format("field {}: its quote is not closed on this line", count_ + 1));
    if (at + 1 == line.size() || line[at + 1] != '"')
      break;
    doubled = true;
  }
  cell = {line.substr(start, at - start), true};
  ++at;
  if (doubled)
    unescape(cell, line.size());
  return {};
}

/// Turns doubled quotes into single ones, in memory of our own.
void csv_splitter::unescape(csv_cell& cell, std::size_t line_size) {
  unescaped_.reserve(line_size); // all cells of a line fit, so earlier views stay valid
  const std::size_t start = unescaped_.size();
  for (std::size_t i = 0; i < cell.text.size(); ++i) {
    unescaped_ += cell.text[i];
    if (cell.text[i] == '"')
      ++i;
  }
  cell.text = std::string_view{unescaped_}.substr(start);
}

result<csv_positions> find_csv_columns(std::string_view header,
                                       std::span<const std::string_view> names,
                                       std::string_view no_column) {
  csv_splitter splitter{static_cast<std::size_t>(std::count(header.begin(), header.end(), ',')) +
                        1};
  if (const auto split = splitter.split(header); !split)
    return user_error("the header is not CSV: " + split.error().what);

  const auto cells = splitter.cells();
  csv_positions positions{{}, cells.size()};
  for (const std::string_view name : names) {
    const auto is_named = [&](const csv_cell& cell) { return cell.text == name; };
    const auto found = std::find_if(cells.begin(), cells.end(), is_named);
    if (!no_column.empty() && name == no_column) {
      if (found != cells.end())
        return user_error(
            fmt::format("the header has a column {}, which is to come from elsewhere", shown(name)),
            "read the column, or give the field another name");
      positions.of_field.push_back(csv_positions::none);
      continue;
    }
    if (found == cells.end())
      return user_error(
          fmt::format("the header has no column {}, only {}", shown(name), list_names(cells)),
          "the first line must name the columns, separated by commas, in any order");
    if (std::find_if(found + 1, cells.end(), is_named) != cells.end())
      return user_error(fmt::format("the header has the column {} twice", shown(name)),
                        "give one of the two another name");
    positions.of_field.push_back(static_cast<std::size_t>(found - cells.begin()));
  }
  return positions;
}

std::string csv_count_reason(std::size_t found, std::size_t expected) {
  return fmt::format("{} field{}, {} expected", found, found == 1 ? "" : "s", expected);
}

std::string csv_column_reason(std::string_view column, std::string_view reason) {
  return fmt::format("column {}: {}", shown(column), reason);
}

void append_csv_text(std::string& out, std::string_view text) {
  std::string repaired;
  text = as_utf8(text, repaired);
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"')
      out += '"';
    out += c;
  }
  out += '"';
}

} // namespace leat
