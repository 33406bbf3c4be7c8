#include <leat/connectors/sqlite/sink.hpp>

#include <leat/detail/record/plain_bytes.hpp>
#include <leat/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace leat {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> names_of(const std::vector<sqlite_column>& columns) {
  std::vector<std::string> names;
  for (const sqlite_column& c : columns)
    names.push_back(c.name);
  return names;
}

std::string create_statement(const std::string& table, const std::vector<sqlite_column>& columns,
                             const sqlite_options& options) {
  std::string list;
  for (const sqlite_column& c : columns)
    list += fmt::format("{}{} {}{}", list.empty() ? "" : ", ", sqlite_name(c.name),
                        sqlite_type_name(c.type), c.nullable ? "" : " NOT NULL");
  if (!options.key.empty())
    list += fmt::format(", PRIMARY KEY ({})", sqlite_names(options.key));
  return fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", sqlite_name(table), list);
}

std::string insert_statement(const std::string& table, const std::vector<sqlite_column>& columns,
                             const sqlite_options& options) {
  std::string values, sets;
  for (const sqlite_column& c : columns) {
    values += values.empty() ? "?" : ", ?";
    if (!has(options.key, c.name))
      sets += fmt::format("{}{} = excluded.{}", sets.empty() ? "" : ", ", sqlite_name(c.name),
                          sqlite_name(c.name));
  }
  std::string sql = fmt::format("INSERT INTO {} ({}) VALUES ({})", sqlite_name(table),
                                sqlite_names(names_of(columns)), values);
  if (!options.key.empty())
    sql += fmt::format(" ON CONFLICT ({}) DO {}", sqlite_names(options.key),
                       sets.empty() ? "NOTHING" : "UPDATE SET " + sets);
  return sql;
}

/// Whether a column of this declared type keeps our values as they are; a text in a numeric column
/// would become a number where it looks like one. See "Determination Of Column Affinity",
/// https://www.sqlite.org/datatype3.html
bool keeps(std::string declared, sqlite_type ours) {
  std::transform(declared.begin(), declared.end(), declared.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto names = [&](const char* part) { return declared.find(part) != std::string::npos; };
  if (names("INT"))
    return ours == sqlite_type::integer;
  if (names("CHAR") || names("CLOB") || names("TEXT"))
    return ours == sqlite_type::text;
  if (declared.empty() || names("BLOB") || declared == "ANY")
    return true;
  if (names("REAL") || names("FLOA") || names("DOUB"))
    return ours == sqlite_type::real;
  return ours != sqlite_type::text; // NUMERIC
}

result<void> check_key(const std::vector<sqlite_column>& columns, const sqlite_options& options) {
  for (const std::string& key : options.key)
    if (!has(names_of(columns), key))
      return user_error(fmt::format("the key column \"{}\" is not a field of the record", key));
  if (options.transaction == 0)
    return user_error("a transaction needs room for at least one row");
  return {};
}

result<void> check_columns(const sqlite_database& file, const std::string& table,
                           const std::vector<sqlite_column>& columns) {
  const auto there = file.columns_of(table);
  if (!there)
    return there.error();
  if (there->empty())
    return user_error(fmt::format("\"{}\": there is no table \"{}\"", file.path(), table),
                      "check the name, or let the sink make it: {.create = true}");
  for (const sqlite_column& c : columns) {
    const auto found =
        std::find_if(there->begin(), there->end(), [&](const auto& d) { return d.name == c.name; });
    if (found == there->end())
      return user_error(
          fmt::format("\"{}\": the table \"{}\" has no column \"{}\"", file.path(), table, c.name));
    if (!keeps(found->type, c.type))
      return user_error(
          fmt::format("\"{}\": the column \"{}\" of \"{}\" is {}, which does not keep "
                      "our {} as it is",
                      file.path(), c.name, table, found->type, sqlite_type_name(c.type)),
          fmt::format("declare it {}", sqlite_type_name(c.type)));
  }
  return {};
}

/// The kinds of values in a row of bytes.
enum class kept : std::uint8_t { null, integer, real, text };

struct null_value {};

/// Calls take(index, value) with the values of such a row, counted from 1.
template <class Take>
void take_values(std::string_view row, Take take) {
  const auto expect = [](bool good) {
    if (!good)
      throw failure(external_error("a row that was prepared cannot be read"));
  };
  byte_cursor from(row);
  for (int index = 1; from.left() > 0; ++index) {
    std::uint8_t kind = 0;
    expect(get_plain(from, kind));
    if (kind == static_cast<std::uint8_t>(kept::null)) {
      take(index, null_value{});
    } else if (kind == static_cast<std::uint8_t>(kept::integer)) {
      std::int64_t value = 0;
      expect(get_plain(from, value));
      take(index, value);
    } else if (kind == static_cast<std::uint8_t>(kept::real)) {
      double value = 0;
      expect(get_plain(from, value));
      take(index, value);
    } else {
      std::string value;
      expect(kind == static_cast<std::uint8_t>(kept::text) && read_binary(from, value));
      take(index, std::move(value));
    }
  }
}

void bind_row(sqlite_statement& to, std::string_view row) {
  take_values(row, [&]<class V>(int index, const V& value) {
    if constexpr (one_of<V, null_value>)
      to.bind_null(index);
    else if constexpr (one_of<V, std::string>)
      to.bind(index, std::string_view{value});
    else
      to.bind(index, value);
  });
}

/// An object with the columns of the row.
std::string json_of(std::string_view row, const std::vector<sqlite_column>& columns) {
  std::string text = "{";
  take_values(row, [&]<class V>(int index, const V& value) {
    text += index == 1 ? "" : ",";
    append_json_text(text, columns[static_cast<std::size_t>(index - 1)].name);
    text += ':';
    if constexpr (one_of<V, null_value>)
      text += "null";
    else
      append_json(text, value);
  });
  return text + '}';
}

} // namespace

void sqlite_row_bytes::bind(int, std::int64_t value) {
  put_plain(bytes_, kept::integer);
  put_plain(bytes_, value);
}
void sqlite_row_bytes::bind(int, double value) {
  put_plain(bytes_, kept::real);
  put_plain(bytes_, value);
}
void sqlite_row_bytes::bind(int, std::string_view value) {
  put_plain(bytes_, kept::text);
  append_binary(bytes_, std::string(value));
}
void sqlite_row_bytes::bind_null(int) { put_plain(bytes_, kept::null); }

result<sqlite_table> sqlite_table::open(const std::string& file, const std::string& table,
                                        const std::vector<sqlite_column>& columns,
                                        const sqlite_options& options) {
  if (auto checked = check_key(columns, options); !checked)
    return checked.error();
  auto opened = sqlite_database::open_to_write(file, options.create);
  if (!opened)
    return opened.error();
  if (options.create)
    if (auto created = opened->run(create_statement(table, columns, options)); !created)
      return created.error();
  if (auto checked = check_columns(*opened, table, columns); !checked)
    return checked.error();
  auto insert = opened->prepare(insert_statement(table, columns, options));
  if (!insert) {
    error e = insert.error();
    if (!options.key.empty())
      e.hint = fmt::format("the table \"{}\" needs a primary key or a unique index of {}", table,
                           sqlite_names(options.key));
    return e;
  }
  return sqlite_table{std::move(*opened), columns, std::move(*insert)};
}

void sqlite_table::begin() {
  if (open_)
    return;
  run("BEGIN IMMEDIATE"); // waits for its turn here, not in the middle
  open_ = true;
}

void sqlite_table::put() {
  (void)insert_.step();
  insert_.reset();
  ++uncommitted_;
}

void sqlite_table::commit() {
  if (!open_)
    return;
  run("COMMIT");
  open_ = false;
  uncommitted_ = 0;
}

void sqlite_table::rollback() {
  (void)file_.run("ROLLBACK"); // who calls this has an error already
  open_ = false;
  uncommitted_ = 0;
}

void sqlite_table::commit(const sqlite_epoch& prepared, const spool& from, const refusal& refused) {
  begin();
  try {
    if (!has(prepared)) {
      const auto put_row = [&](std::string_view row) {
        try {
          bind_row(insert_, row);
          put();
        } catch (const failure& f) {
          if (f.error().domain != error_domain::user)
            throw;
          refused(f.error(), json_of(row, columns_));
        }
      };
      if (const auto read = from.read(prepared.rows, put_row); !read)
        throw failure(read.error());
      note(prepared);
    }
    commit();
  } catch (...) {
    rollback();
    throw;
  }
}

bool sqlite_table::has(const sqlite_epoch& prepared) const {
  if (const auto made =
          file_.run("CREATE TABLE IF NOT EXISTS leat_epochs (writer TEXT PRIMARY KEY, "
                    "epoch INTEGER NOT NULL)");
      !made)
    throw failure(made.error());
  auto found = prepared_statement("SELECT 1 FROM leat_epochs WHERE writer = ? AND epoch >= ?");
  found.bind(1, std::string_view{prepared.writer});
  found.bind(2, static_cast<std::int64_t>(prepared.of));
  return found.step() == sqlite_statement::status::row;
}

void sqlite_table::note(const sqlite_epoch& prepared) const {
  auto noted = prepared_statement("INSERT INTO leat_epochs (writer, epoch) VALUES (?, ?) ON "
                                  "CONFLICT (writer) DO UPDATE SET epoch = excluded.epoch");
  noted.bind(1, std::string_view{prepared.writer});
  noted.bind(2, static_cast<std::int64_t>(prepared.of));
  (void)noted.step();
}

sqlite_statement sqlite_table::prepared_statement(const std::string& sql) const {
  auto statement = file_.prepare(sql);
  if (!statement)
    throw failure(statement.error());
  return std::move(*statement);
}

void sqlite_table::run(const char* sql) {
  if (const auto done = file_.run(sql); !done)
    throw failure(done.error());
}

} // namespace leat
