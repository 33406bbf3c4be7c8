#include <leat/connectors/sqlite/sink.hpp>

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

} // namespace

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
  return sqlite_table{std::move(*opened), std::move(*insert)};
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

void sqlite_table::run(const char* sql) {
  if (const auto done = file_.run(sql); !done)
    throw failure(done.error());
}

} // namespace leat
