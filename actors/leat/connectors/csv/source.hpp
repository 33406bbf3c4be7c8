// Reads CSV files.
#pragma once

#include <leat/connectors/files/lines_source.hpp>
#include <leat/csv.hpp>

namespace leat {

struct csv_options {
  /// The text field of the record that gets the path of the file instead of a column, for example
  /// if each sensor has its own file.
  std::string path_field = {};
  std::size_t max_line = line_reader::default_max_line; ///< see lines_options
};

/// The text field of this name.
template <any_record T>
result<std::string T::*> text_field(std::string_view name) {
  std::string T::*found = nullptr;
  if constexpr (record<T>)
    for_each_field<T>([&](const auto& f) {
      if constexpr (std::same_as<typename std::decay_t<decltype(f)>::value_type, std::string>)
        if (f.name == name)
          found = f.member;
    });
  if (!found)
    return user_error("path_field \"" + std::string{name} +
                      "\" names no std::string of the record");
  return found;
}

/// The first line of a CSV file that is not empty; nothing when there is none. Errors name the
/// file.
result<std::optional<std::string>> read_csv_header(line_reader& file);

/// Parses the lines below a header.
template <class T>
class csv_line_parser {
public:
  using record_type = T;
  using options_type = csv_options;

  static result<std::optional<csv_line_parser>> begin(line_reader& file, const csv_options& o) {
    std::string T::*path_field = nullptr;
    if (!o.path_field.empty()) {
      const auto field = text_field<T>(o.path_field);
      if (!field)
        return field.error();
      path_field = *field;
    }
    const auto header = read_csv_header(file);
    if (!header)
      return header.error();
    if (!*header)
      return std::optional<csv_line_parser>{};
    auto columns = csv_header<T>(**header, o.path_field);
    if (columns)
      return std::optional{csv_line_parser{std::move(*columns), path_field, file.path()}};
    error e = columns.error();
    e.what = "\"" + file.path() + "\": " + e.what;
    return e;
  }

  result<void> parse(std::string_view line, T& out) {
    if constexpr (has_text_field) // or compilers see a field that is not there
      if (path_field_)
        out.*path_field_ = path_;
    return reader_.parse(line, out);
  }

private:
  static constexpr bool has_text_field = [] {
    if constexpr (record<T>)
      return with_fields<T>([]<class... F>(const F&...) {
        return (std::same_as<typename F::value_type, std::string> || ...);
      });
    return false;
  }();

  csv_line_parser(csv_columns<T> columns, std::string T::*path_field, std::string path)
      : reader_(std::move(columns)), path_field_(path_field), path_(std::move(path)) {}

  csv_reader<T> reader_;
  std::string T::*path_field_;
  std::string path_;
};

/// Reads records from CSV files with a header line: leat::csv_source<payment>{"data/*.csv"}.
/// See leat/csv.hpp for the format, lines_source for the rest.
template <class T>
using csv_source = lines_source<typename detail::parser_of<csv_line_parser, T>::type>;

} // namespace leat
