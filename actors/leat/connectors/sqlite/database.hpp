// A database of SQLite, for sources and sinks; the library is included by database.cpp only.
#pragma once

#include <leat/csv.hpp>
#include <leat/error.hpp>
#include <leat/scalar_text.hpp>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace leat {

/// How a value is stored. Bools, integers, enums and times (microseconds since 1970, UTC) are
/// integers; floats are reals, their NaN is NULL; texts are texts; an empty optional is NULL.
enum class sqlite_type { integer, real, text };

template <class V>
constexpr sqlite_type sqlite_type_of() {
  if constexpr (is_optional<V>)
    return sqlite_type_of<typename V::value_type>();
  else if constexpr (one_of<V, std::string>)
    return sqlite_type::text;
  else
    return floating<V> ? sqlite_type::real : sqlite_type::integer;
}

/// A column as a record declares it.
struct sqlite_column {
  std::string name;
  sqlite_type type = sqlite_type::integer;
  bool nullable = false;
};

/// The columns of a record's fields.
template <record T>
std::vector<sqlite_column> sqlite_columns() {
  require_csv<T>();
  std::vector<sqlite_column> all;
  for_each_field<T>([&](const auto& f) {
    using V = typename std::decay_t<decltype(f)>::value_type;
    all.push_back({std::string{f.name}, sqlite_type_of<V>(), is_optional<V> || floating<V>});
  });
  return all;
}

/// A value as it is stored, whatever its type.
struct sqlite_value {
  enum class storage : std::uint8_t { null, integer, real, text, blob };
  storage as = storage::null;
  std::int64_t integer = 0;
  double real = 0;
  std::string bytes; ///< of a text or blob
  static constexpr auto fields = leat::fields("sqlite_value", leat::field("as", &sqlite_value::as),
                                              leat::field("integer", &sqlite_value::integer),
                                              leat::field("real", &sqlite_value::real),
                                              leat::field("bytes", &sqlite_value::bytes));
};

/// A prepared statement. One thread at a time; errors name the file.
class sqlite_statement {
public:
  /// What step() found.
  enum class [[nodiscard]] status{row, done};

  void bind(int index, std::int64_t value);
  void bind(int index, double value);
  void bind(int index, std::string_view value);
  void bind_null(int index);
  void bind(int index, const sqlite_value& value);

  /// Runs it up to the next row. Throws leat::failure.
  status step();
  /// Makes it ready to be run again.
  void reset();

  /// Of the row it stands at. A view holds until the next step.
  bool is_null(int column) const;
  bool is_integer(int column) const;
  bool is_real(int column) const;
  bool is_text(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  sqlite_value value(int column) const;
  /// The values from this column on.
  std::vector<sqlite_value> values_from(int column) const;
  /// How it looks to a person.
  std::string shown_value(int column) const;

private:
  friend class sqlite_database;
  struct finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite_statement(sqlite3_stmt* statement, std::string path)
      : statement_(statement), path_(std::move(path)) {}
  void expect(int code);

  std::unique_ptr<sqlite3_stmt, finalizer> statement_;
  std::string path_;
};

/// An open file. Waits up to 10 seconds for other writers. Errors name the file.
class sqlite_database {
public:
  static result<sqlite_database> open_to_read(const std::string& path);
  /// With `create` it makes the file if there is none.
  static result<sqlite_database> open_to_write(const std::string& path, bool create);

  /// What runs on this file ends with an error once this is true. The flag outlives the file's
  /// statements.
  void end_when(const std::atomic<bool>& cancelled);

  result<sqlite_statement> prepare(const std::string& sql) const;
  result<void> run(const std::string& sql) const;

  /// A table's columns as declared: name and type; empty if there is no such table or view.
  struct declared {
    std::string name;
    std::string type;
    int key = 0; ///< its place in the primary key, counted from 1; 0: not in it
  };
  result<std::vector<declared>> columns_of(const std::string& table) const;
  const std::string& path() const { return path_; }

private:
  struct closer {
    void operator()(sqlite3* file) const;
  };
  sqlite_database(std::string path, sqlite3* file) : path_(std::move(path)), file_(file) {}
  static result<sqlite_database> open(const std::string& path, int flags);

  std::string path_;
  std::unique_ptr<sqlite3, closer> file_;
};

/// A name in double quotes, as SQL has it.
std::string sqlite_name(std::string_view name);
/// Names in double quotes, commas between them.
std::string sqlite_names(const std::vector<std::string>& names);
/// "INTEGER", "REAL", "TEXT".
std::string_view sqlite_type_name(sqlite_type type);

// --- values -----------------------------------------------------------------------------------

/// Binds a value to a statement, or to what else takes values as one does. Throws leat::failure for
/// an integer above those of SQLite.
template <class To, class V>
void sqlite_bind(To& to, int index, const V& value) {
  if constexpr (is_optional<V>) {
    if (value)
      sqlite_bind(to, index, *value);
    else
      to.bind_null(index);
  } else if constexpr (one_of<V, std::string>) {
    to.bind(index, std::string_view{value});
  } else if constexpr (floating<V>) {
    if (std::isnan(value))
      to.bind_null(index);
    else
      to.bind(index, static_cast<double>(value));
  } else if constexpr (one_of<V, event_time>) {
    to.bind(index, std::int64_t{value.time_since_epoch().count()});
  } else if constexpr (fixed_enum<V>) {
    sqlite_bind(to, index, static_cast<std::underlying_type_t<V>>(value));
  } else if constexpr (one_of<V, bool>) {
    to.bind(index, std::int64_t{value});
  } else {
    if (!std::in_range<std::int64_t>(value))
      throw failure(user_error(std::to_string(value) + " does not fit in an integer of SQLite",
                               "keep it as text"));
    to.bind(index, static_cast<std::int64_t>(value));
  }
}

/// Why the value in this column is no V, as part of a sentence.
std::string sqlite_mismatch(const sqlite_statement& row, int column, std::string_view expected);

/// Reads a value; returns why it cannot, or nothing. Nothing is converted but whole numbers to
/// reals.
template <class V>
std::string sqlite_read(const sqlite_statement& row, int column, V& out) {
  if constexpr (is_optional<V>) {
    if (!row.is_null(column))
      return sqlite_read(row, column, out ? *out : out.emplace());
    out.reset();
    return {};
  } else if constexpr (one_of<V, std::string>) {
    if (!row.is_text(column))
      return sqlite_mismatch(row, column, "a text");
    out = row.text(column);
    return {};
  } else if constexpr (floating<V>) {
    if (row.is_null(column))
      out = std::numeric_limits<V>::quiet_NaN();
    else if (row.is_real(column))
      out = static_cast<V>(row.real(column));
    else if (row.is_integer(column))
      out = static_cast<V>(row.integer(column));
    else
      return sqlite_mismatch(row, column, "a number");
    return {};
  } else if constexpr (one_of<V, event_time>) {
    if (!row.is_integer(column))
      return sqlite_mismatch(row, column, "a time in microseconds");
    out = event_time{std::chrono::microseconds{row.integer(column)}};
    return {};
  } else if constexpr (one_of<V, bool>) {
    if (!row.is_integer(column) || row.integer(column) < 0 || row.integer(column) > 1)
      return sqlite_mismatch(row, column, "0 or 1");
    out = row.integer(column) == 1;
    return {};
  } else if constexpr (fixed_enum<V>) {
    std::underlying_type_t<V> number{};
    std::string why = sqlite_read(row, column, number);
    out = V{number};
    return why;
  } else {
    if (!row.is_integer(column))
      return sqlite_mismatch(row, column, expected_text<V>());
    const std::string number = std::to_string(row.integer(column));
    const parse_error why = parse_scalar(number, out);
    return why == parse_error::none ? std::string{} : parse_reason<V>(why, number);
  }
}

} // namespace leat
