// CSV by RFC 4180: one record a line, the columns named by a header line. Columns are found
// by name, in any order. A line here never holds its line end, and text is UTF-8.
//
// Reading takes physical lines, so a line break inside quotes is not supported: the line ends
// within a quoted field and is refused. An optional without value is an empty cell; an empty text
// is written "" to tell it from that.
#pragma once

#include <leat/error.hpp>
#include <leat/model.hpp>
#include <leat/scalar_text.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// The types that a column may hold.
template <class V>
inline constexpr bool csv_field = scalar<V>;
template <class V>
inline constexpr bool csv_field<std::optional<V>> = scalar<V>;

/// Fails to compile unless T's fields can be columns.
template <record T>
consteval void require_csv() {
  constexpr bool accepted = with_fields<T>(
      []<class... F>(const F&...) { return (csv_field<typename F::value_type> && ...); });
  static_assert(accepted,
                "a CSV column must be a bool, an integer (not a char), a float, a double, "
                "an enum with a fixed integer type, a std::string, a leat::event_time, or "
                "a std::optional of one of these; write other records as JSON");
  static_assert(field_count<T> > 0, "a CSV line needs at least one column");
}

// --- reading ----------------------------------------------------------------------------------

/// One cell of a line, quotes taken off.
struct csv_cell {
  std::string_view text;
  bool quoted = false;
};

/// Cuts lines into cells. Keeps its memory from line to line; one thread at a time.
class csv_splitter {
public:
  /// Keeps the first `most` cells of each line and counts the others.
  explicit csv_splitter(std::size_t most) : cells_(most) {}

  /// An error if the line is not valid CSV.
  result<void> split(std::string_view line);

  /// The cells of the last line; the views hold until the next call, and no longer than the line.
  std::span<const csv_cell> cells() const {
    return {cells_.data(), std::min(count_, cells_.size())};
  }
  /// How many cells the last line had.
  std::size_t count() const { return count_; }

private:
  result<void> quoted_cell(std::string_view line, std::size_t& at, csv_cell& cell);
  void unescape(csv_cell& cell, std::size_t line_size);

  std::vector<csv_cell> cells_;
  std::size_t count_ = 0;
  std::string unescaped_;
};

/// The positions of a record's columns in the lines of one file.
struct csv_positions {
  static constexpr std::size_t none = ~std::size_t{0}; ///< of a field that is no column
  std::vector<std::size_t> of_field;                   ///< by declared field
  std::size_t count = 0; ///< columns in a line, those that no field wants included
};
result<csv_positions> find_csv_columns(std::string_view header,
                                       std::span<const std::string_view> names,
                                       std::string_view no_column);

/// The positions for records of type T.
template <any_record T>
struct csv_columns : csv_positions {};

/// The columns of T, or why it cannot have any.
template <any_record T>
result<std::vector<std::string_view>> csv_names() {
  if constexpr (foreign<T>) {
    return foreign_record<T>::csv_names();
  } else {
    require_csv<T>();
    static constexpr auto names = field_names<T>();
    return std::vector<std::string_view>(names.begin(), names.end());
  }
}

/// Reads a header line. A column that T declares and the header lacks, or names twice, is an error;
/// columns that T does not declare are skipped. The field `no_column` comes from elsewhere: a
/// header that has it too is an error. The error speaks of the header; the caller adds the file.
template <any_record T>
result<csv_columns<T>> csv_header(std::string_view line, std::string_view no_column = {}) {
  const auto names = csv_names<T>();
  if (!names)
    return names.error();
  auto found = find_csv_columns(line, *names, no_column);
  if (!found)
    return found.error();
  return csv_columns<T>{std::move(*found)};
}

/// `7 fields, 9 expected`
std::string csv_count_reason(std::size_t found, std::size_t expected);
/// `column "amount": "abc" is not a number`
std::string csv_column_reason(std::string_view column, std::string_view reason);

/// Reads records from the lines of one file. Allocates nothing for a line but what a std::string
/// field needs. One thread at a time.
template <any_record T>
class csv_reader {
public:
  explicit csv_reader(csv_columns<T> columns)
      : columns_(std::move(columns)), splitter_(columns_.count) {}

  /// Reads one line into `out`, which an error leaves partly filled.
  result<void> parse(std::string_view line, T& out) {
    if (auto split = splitter_.split(line); !split)
      return split;
    if (splitter_.count() != columns_.count)
      return user_error(csv_count_reason(splitter_.count(), columns_.count));
    if constexpr (foreign<T>)
      return foreign_record<T>::parse_csv(splitter_.cells(), columns_.of_field, out);
    else
      return read_fields(out);
  }

private:
  result<void> read_fields(T& out) {
    require_csv<T>();
    result<void> read;
    std::size_t field = 0;
    with_fields<T>([&](const auto&... f) {
      (read_column(f.name, columns_.of_field[field++], out.*f.member, read) && ...);
    });
    return read;
  }

  template <class V>
  bool read_column(std::string_view name, std::size_t column, V& out, result<void>& read) {
    return column == csv_positions::none || read_cell(name, splitter_.cells()[column], out, read);
  }

  template <class V>
  static bool read_cell(std::string_view name, csv_cell cell, V& out, result<void>& read) {
    if constexpr (!csv_field<V>) {
      return false;
    } else if constexpr (is_optional<V>) {
      if (cell.text.empty() && !cell.quoted) {
        out.reset();
        return true;
      }
      return read_cell(name, cell, out ? *out : out.emplace(), read);
    } else {
      const parse_error why = parse_scalar(cell.text, out);
      if (why == parse_error::none)
        return true;
      read = user_error(csv_column_reason(name, parse_reason<V>(why, cell.text)));
      return false;
    }
  }

  csv_columns<T> columns_;
  csv_splitter splitter_;
};

// --- writing ----------------------------------------------------------------------------------

/// Appends text as a cell, in quotes when it needs them. Bytes that are not UTF-8 become U+FFFD.
void append_csv_text(std::string& out, std::string_view text);

template <class V>
void append_csv_cell(std::string& out, const V& value) {
  if constexpr (!csv_field<V>) {
    return;
  } else if constexpr (is_optional<V>) {
    if (value)
      append_csv_cell(out, *value);
  } else if constexpr (one_of<V, std::string>) {
    append_csv_text(out, value);
  } else {
    append_scalar(out, value);
  }
}

/// How a type becomes columns: not at all...
template <class T>
struct csv_line {
  static_assert(record<T>,
                "CSV lines are made of records with declared fields, or leat::scored of one");
  static void append_header(std::string&) {}
  static void append(std::string&, const T&) {}
};

/// ... or a record by its fields...
template <record T>
struct csv_line<T> {
  static void append_header(std::string& out) {
    append_list(out, [](std::string& to, const auto& f) { append_csv_text(to, f.name); });
  }
  static void append(std::string& out, const T& value) {
    append_list(out, [&](std::string& to, const auto& f) { append_csv_cell(to, value.*f.member); });
  }

private:
  template <class Append>
  static void append_list(std::string& out, Append append_one) {
    require_csv<T>();
    bool first = true;
    for_each_field<T>([&](const auto& f) {
      if (!first)
        out += ',';
      first = false;
      append_one(out, f);
    });
  }
};

/// ... or a record of generated code, by its foreign_record...
template <foreign T>
struct csv_line<T> {
  static void append_header(std::string& out) { foreign_record<T>::append_csv_header(out); }
  static void append(std::string& out, const T& value) {
    foreign_record<T>::append_csv(out, value);
  }
};

/// ... and a scored record by the record's columns, its score and its model.
template <class Features, class Score>
struct csv_line<scored<Features, Score>> {
  static_assert(scalar<Score>,
                "a score must be a scalar to stand in a CSV column; write it as JSON");

  static void append_header(std::string& out) {
    require_scored_names<Features>();
    csv_line<Features>::append_header(out);
    out += ",score,model,model_sha256";
  }
  static void append(std::string& out, const scored<Features, Score>& value) {
    csv_line<Features>::append(out, value.record);
    append_csv_cell(out += ',', value.score);
    out += ',';
    if (value.model)
      append_csv_text(out, value.model->id);
    out += ',';
    if (value.model)
      append_csv_text(out, value.model->sha256);
  }
};

/// Appends the header line of records or scored records of type T, without line end.
template <class T>
void append_csv_header(std::string& out) {
  csv_line<T>::append_header(out);
}

/// Appends one record or scored record, without line end. A text with a line break is quoted, as
/// RFC 4180 has it, though csv_reader cannot read it back.
template <class T>
void append_csv(std::string& out, const T& value) {
  csv_line<T>::append(out, value);
}

} // namespace leat
