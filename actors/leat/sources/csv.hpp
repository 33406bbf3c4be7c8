// Reads CSV files.
#pragma once

#include <leat/csv.hpp>
#include <leat/sources/lines_source.hpp>

namespace leat {

/// The first line of a CSV file that is not empty; nothing when there is none. Errors name the
/// file.
result<std::optional<std::string>> read_csv_header(line_reader& file);

/// Parses the lines below a header.
template <any_record T>
class csv_line_parser {
public:
  using record_type = T;

  static result<std::optional<csv_line_parser>> begin(line_reader& file) {
    const auto header = read_csv_header(file);
    if (!header)
      return header.error();
    if (!*header)
      return std::optional<csv_line_parser>{};
    auto columns = csv_header<T>(**header);
    if (columns)
      return std::optional{csv_line_parser{std::move(*columns)}};
    error e = columns.error();
    e.what = "\"" + file.path() + "\": " + e.what;
    return e;
  }

  std::optional<std::string> parse(std::string_view line, T& out) {
    return reader_.parse(line, out);
  }

private:
  explicit csv_line_parser(csv_columns<T> columns) : reader_(std::move(columns)) {}

  csv_reader<T> reader_;
};

/// Reads records from CSV files with a header line: leat::csv_source<payment>{"data/*.csv"}.
/// See leat/csv.hpp for the format, lines_source for the rest.
template <any_record T>
using csv_source = lines_source<csv_line_parser<T>>;

} // namespace leat
