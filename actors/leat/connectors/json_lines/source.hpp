// Reads JSON Lines files.
#pragma once

#include <leat/connectors/files/lines_source.hpp>
#include <leat/json.hpp>

namespace leat {

/// Parses lines of one JSON object each.
template <class T>
struct json_line_parser {
  using record_type = T;
  using options_type = lines_options;

  static result<std::optional<json_line_parser>> begin(line_reader&, const lines_options&) {
    return std::optional{json_line_parser{}};
  }
  result<void> parse(std::string_view line, T& out) { return parse_json(line, out); }
};

/// Reads records from JSON Lines files: leat::json_lines_source<payment>{"data/*.jsonl"}.
/// See leat/json.hpp for the format, lines_source for the rest.
template <class T>
using json_lines_source = lines_source<typename detail::parser_of<json_line_parser, T>::type>;

} // namespace leat
