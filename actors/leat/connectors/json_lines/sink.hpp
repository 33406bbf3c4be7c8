// Writes JSON Lines files.
#pragma once

#include <leat/connectors/files/file_sink.hpp>
#include <leat/json.hpp>

namespace leat {

template <class T>
struct json_line_writer {
  using record_type = T;
  static void append_head(std::string&) {}
  static void append(std::string& out, const T& record) {
    append_json(out, record);
    out += '\n';
  }
};

/// Writes records, or scored records, as JSON Lines: leat::json_lines_sink<alert>{"alerts.jsonl"}.
/// See leat/json.hpp for the format, file_sink for the rest.
template <class T>
using json_lines_sink = file_sink<json_line_writer<T>>;

} // namespace leat
