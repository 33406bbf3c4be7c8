// Writes CSV files.
#pragma once

#include <leat/connectors/files/file_sink.hpp>
#include <leat/csv.hpp>

namespace leat {

template <class T>
struct csv_line_writer {
  using record_type = T;
  static void append_head(std::string& out) {
    append_csv_header<T>(out);
    out += '\n';
  }
  static void append(std::string& out, const T& record) {
    append_csv(out, record);
    out += '\n';
  }
};

/// Writes records, or scored records, as CSV with a header line:
/// leat::csv_sink<alert>{"alerts.csv"}. See leat/csv.hpp for the format, file_sink for the rest.
template <class T>
using csv_sink = file_sink<csv_line_writer<T>>;

} // namespace leat
