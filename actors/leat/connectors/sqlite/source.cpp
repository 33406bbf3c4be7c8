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

} // namespace

result<sqlite_statement> sqlite_selection::select(const std::vector<sqlite_column>& columns,
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
  // The statement keeps the file open.
  return opened->prepare(fmt::format("SELECT {} FROM {} AS r ORDER BY {}", qualified(names), from,
                                     by->empty() ? "r.rowid" : qualified(*by)));
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
