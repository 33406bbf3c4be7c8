#include <leat/connectors/sqlite/source.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

/// Of the selected rows. Not a bare name: SQLite takes one that it does not know for a text.
std::string qualified(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names)
    list += (list.empty() ? "r." : ", r.") + sqlite_name(name);
  return list;
}

std::string where(const std::string& key, std::string_view compares, std::size_t values) {
  if (values == 0)
    return {};
  std::string marks = "?";
  for (; values > 1; --values)
    marks += ", ?";
  return fmt::format("WHERE ({}) {} ({})", key, compares, marks);
}

void bind(sqlite_statement& to, const std::vector<sqlite_value>& values) {
  int index = 0;
  for (const sqlite_value& v : values)
    to.bind(++index, v);
}

} // namespace

result<sqlite_statement> sqlite_selection::select(const std::vector<sqlite_column>& columns,
                                                  const std::vector<sqlite_value>& after,
                                                  const std::atomic<bool>* cancelled) const {
  auto opened = sqlite_database::open_to_read(file);
  if (!opened)
    return opened.error();
  if (cancelled)
    opened->end_when(*cancelled);
  std::vector<std::string> names;
  for (const sqlite_column& c : columns)
    names.push_back(c.name);
  const auto by = order(*opened);
  if (!by)
    return by.error();
  const std::string from = query.empty() ? sqlite_name(table) : '(' + query + "\n)";
  const std::string key = by->empty() ? "r.rowid" : qualified(*by);
  if (!after.empty())
    if (auto found = check_row(*opened, from, key, after); !found)
      return found.error();
  // The statement keeps the file open.
  auto rows =
      opened->prepare(fmt::format("SELECT {}, {} FROM {} AS r {} ORDER BY {}", qualified(names),
                                  key, from, where(key, ">", after.size()), key));
  if (rows)
    bind(*rows, after);
  return rows;
}

// One row at most may have this key: the others would be left out, or read twice.
result<void> sqlite_selection::check_row(const sqlite_database& opened, const std::string& from,
                                         const std::string& key,
                                         const std::vector<sqlite_value>& after) const {
  for (const sqlite_value& v : after)
    if (v.as == sqlite_value::storage::null)
      return user_error(
          fmt::format("{} cannot be read on after a row whose order is NULL", place()),
          "order it by columns that identify each row");
  auto same = opened.prepare(
      fmt::format("SELECT count(*) FROM {} AS r {}", from, where(key, "=", after.size())));
  if (!same)
    return same.error();
  try {
    bind(*same, after);
    if (same->step() == sqlite_statement::status::row && same->integer(0) > 1)
      return user_error(fmt::format("{} cannot be read on after one of {} rows with the same order",
                                    place(), same->integer(0)),
                        "order it by columns that identify each row");
  } catch (const failure& f) {
    return f.error();
  }
  return {};
}

result<std::vector<std::string>> sqlite_selection::order(const sqlite_database& opened) const {
  if (!order_by.empty())
    return order_by;
  if (!query.empty())
    return user_error(fmt::format("\"{}\": a query needs an order", file),
                      "name columns of it that identify each row");
  auto columns = opened.columns_of(table);
  if (!columns)
    return columns.error();
  if (columns->empty())
    return user_error(fmt::format("\"{}\": there is no table \"{}\"", file, table),
                      "check the name");
  std::erase_if(*columns, [](const auto& c) { return c.key == 0; });
  std::ranges::sort(*columns, {}, &sqlite_database::declared::key);
  std::vector<std::string> key;
  for (const auto& c : *columns)
    key.push_back(c.name);
  return key;
}

std::string sqlite_selection::place() const {
  return file + ':' + (query.empty() ? table : std::string{"query"});
}

} // namespace leat
