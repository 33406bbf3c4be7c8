#include <leat/connectors/sqlite/database.hpp>

#include <leat/detail/record/utf8.hpp>

#include <fmt/format.h>

#include <sqlite3.h>

namespace leat {
namespace {

constexpr int patience = 10'000; // in milliseconds

error sqlite_error(const std::string& path, sqlite3* file, int code) {
  const std::string why = file ? sqlite3_errmsg(file) : sqlite3_errstr(code);
  const std::string what = fmt::format("\"{}\": {}", path, why);
  switch (code & 0xFF) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return external_error(what, "another program has been writing to it for too long", true);
  case SQLITE_FULL:
    return external_error(what, "free some space, or choose another folder");
  case SQLITE_CANTOPEN:
    return user_error(what, "check the path; the folder must be there");
  case SQLITE_READONLY:
  case SQLITE_PERM:
    return external_error(what, "file and folder must be writable for the user who runs this");
  case SQLITE_NOTADB:
    return user_error(what, "give a database of SQLite");
  case SQLITE_ERROR:
  case SQLITE_CONSTRAINT:
  case SQLITE_MISMATCH:
  case SQLITE_TOOBIG:
    return user_error(what);
  default:
    return external_error(what);
  }
}

} // namespace

// --- statements -------------------------------------------------------------------------------

void sqlite_statement::finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void sqlite_statement::expect(int code) {
  if (code != SQLITE_OK)
    throw failure(sqlite_error(path_, sqlite3_db_handle(statement_.get()), code));
}

void sqlite_statement::bind(int index, std::int64_t value) {
  expect(sqlite3_bind_int64(statement_.get(), index, value));
}
void sqlite_statement::bind(int index, double value) {
  expect(sqlite3_bind_double(statement_.get(), index, value));
}
void sqlite_statement::bind(int index, std::string_view value) {
  const char* text = value.data() ? value.data() : ""; // a null pointer would be NULL
  expect(sqlite3_bind_text64(statement_.get(), index, text, value.size(), SQLITE_TRANSIENT,
                             SQLITE_UTF8));
}
void sqlite_statement::bind_null(int index) { expect(sqlite3_bind_null(statement_.get(), index)); }
void sqlite_statement::bind(int index, const sqlite_value& value) {
  switch (value.as) {
  case sqlite_value::storage::integer:
    return bind(index, value.integer);
  case sqlite_value::storage::real:
    return bind(index, value.real);
  case sqlite_value::storage::text:
    return bind(index, std::string_view{value.bytes});
  case sqlite_value::storage::blob:
    return expect(sqlite3_bind_blob64(statement_.get(), index, value.bytes.data(),
                                      value.bytes.size(), SQLITE_TRANSIENT));
  case sqlite_value::storage::null:
    break;
  }
  bind_null(index);
}

sqlite_statement::status sqlite_statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW)
    return status::row;
  if (code == SQLITE_DONE)
    return status::done;
  const error e = sqlite_error(path_, sqlite3_db_handle(statement_.get()), code);
  sqlite3_reset(statement_.get());
  throw failure(e);
}

void sqlite_statement::reset() { sqlite3_reset(statement_.get()); }

bool sqlite_statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}
bool sqlite_statement::is_integer(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER;
}
bool sqlite_statement::is_real(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_FLOAT;
}
bool sqlite_statement::is_text(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_TEXT;
}
std::int64_t sqlite_statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
double sqlite_statement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}
std::string_view sqlite_statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return {bytes ? bytes : "",
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

sqlite_value sqlite_statement::value(int column) const {
  using storage = sqlite_value::storage;
  if (is_null(column))
    return {};
  if (is_integer(column))
    return {storage::integer, integer(column), 0, {}};
  if (is_real(column))
    return {storage::real, 0, real(column), {}};
  return {is_text(column) ? storage::text : storage::blob, 0, 0, std::string{text(column)}};
}
std::vector<sqlite_value> sqlite_statement::values_from(int column) const {
  std::vector<sqlite_value> all;
  for (const int end = sqlite3_column_count(statement_.get()); column < end; ++column)
    all.push_back(value(column));
  return all;
}

std::string sqlite_statement::shown_value(int column) const {
  if (is_null(column))
    return "NULL";
  if (is_integer(column)) // as it is: the library would convert the value in its place
    return std::to_string(integer(column));
  if (is_real(column))
    return fmt::format("{}", real(column));
  return shown(text(column));
}

// --- the file ---------------------------------------------------------------------------------

void sqlite_database::closer::operator()(sqlite3* file) const { sqlite3_close_v2(file); }

result<sqlite_database> sqlite_database::open(const std::string& path, int flags) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  sqlite_database database{path, opened}; // closed even if it could not be opened
  if (code != SQLITE_OK)
    return sqlite_error(path, opened, code);
  sqlite3_busy_timeout(opened, patience);
  // It is opened at the first look, and that may be none of ours.
  if (auto looked = database.run("SELECT count(*) FROM sqlite_schema"); !looked)
    return looked.error();
  return database;
}

void sqlite_database::end_when(const std::atomic<bool>& cancelled) {
  constexpr int steps_between_looks = 10'000; // of SQLite's machine: well below a millisecond
  sqlite3_progress_handler(
      file_.get(), steps_between_looks,
      [](void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; },
      const_cast<std::atomic<bool>*>(&cancelled));
}

result<sqlite_database> sqlite_database::open_to_read(const std::string& path) {
  return open(path, SQLITE_OPEN_READONLY);
}

result<sqlite_database> sqlite_database::open_to_write(const std::string& path, bool create) {
  return open(path, SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0));
}

result<sqlite_statement> sqlite_database::prepare(const std::string& sql) const {
  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v2(file_.get(), sql.c_str(), static_cast<int>(sql.size()), &prepared, &rest);
  sqlite_statement statement{prepared, path_};
  if (code != SQLITE_OK)
    return sqlite_error(path_, file_.get(), code);
  if (!prepared || std::string_view{rest}.find_first_not_of(" \t\r\n;") != std::string_view::npos)
    return user_error(fmt::format("\"{}\": not one statement of SQL: {}", path_, shown(sql)));
  return statement;
}

result<void> sqlite_database::run(const std::string& sql) const {
  auto statement = prepare(sql);
  if (!statement)
    return statement.error();
  try {
    while (statement->step() == sqlite_statement::status::row) {
    }
  } catch (const failure& f) {
    return f.error();
  }
  return {};
}

result<std::vector<sqlite_database::declared>>
sqlite_database::columns_of(const std::string& table) const {
  auto asked = prepare("SELECT name, type, pk FROM pragma_table_info(?)");
  if (!asked)
    return asked.error();
  std::vector<declared> all;
  try {
    asked->bind(1, table);
    while (asked->step() == sqlite_statement::status::row)
      all.push_back({std::string{asked->text(0)}, std::string{asked->text(1)},
                     static_cast<int>(asked->integer(2))});
  } catch (const failure& f) {
    return f.error();
  }
  return all;
}

std::string sqlite_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name)
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string sqlite_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names)
    list += (list.empty() ? "" : ", ") + sqlite_name(name);
  return list;
}

std::string_view sqlite_type_name(sqlite_type type) {
  switch (type) {
  case sqlite_type::integer:
    return "INTEGER";
  case sqlite_type::real:
    return "REAL";
  case sqlite_type::text:
    return "TEXT";
  }
  return {};
}

std::string sqlite_mismatch(const sqlite_statement& row, int column, std::string_view expected) {
  return fmt::format("{} where {} is expected", row.shown_value(column), expected);
}

} // namespace leat
