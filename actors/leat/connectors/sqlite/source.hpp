// Reads tables and queries of SQLite.
#pragma once

#include <leat/connectors/sqlite/database.hpp>
#include <leat/file_use.hpp>
#include <leat/source.hpp>

#include <atomic>
#include <memory>

namespace leat {

/// What is read: a table, or a query, in an order that is the same each time.
struct sqlite_selection {
  std::string file;
  std::string table; ///< or empty
  std::string query; ///< or empty: one SELECT
  std::vector<std::string> order_by;

  /// The rows of these columns, ready to be stepped through; behind them come the columns of the
  /// order. `after`: what these are in the row that was read last; empty: all rows. Errors name the
  /// file. Looking for them ends when the flag is true, if there is one; it outlives the statement.
  result<sqlite_statement> select(const std::vector<sqlite_column>& columns,
                                  const std::vector<sqlite_value>& after = {},
                                  const std::atomic<bool>* cancelled = nullptr) const;
  /// "file.db:payments"
  std::string place() const;

private:
  result<std::vector<std::string>> order(const sqlite_database& file) const;
  result<void> check_row(const sqlite_database& opened, const std::string& from,
                         const std::string& key, const std::vector<sqlite_value>& after) const;
};

/// Where the rows of a selection are read on.
struct sqlite_position {
  std::uint64_t row = 0;           ///< the number of the last one
  std::vector<sqlite_value> after; ///< what it is ordered by; empty: none was read
  bool done = false;
  static constexpr auto fields = leat::fields(
      "sqlite_position", leat::field("row", &sqlite_position::row),
      leat::field("after", &sqlite_position::after), leat::field("done", &sqlite_position::done));
};

/// The rows of a selection. All are of one state of the file, whoever writes to it meanwhile.
template <record T>
class sqlite_split {
public:
  explicit sqlite_split(sqlite_selection from) : from_(std::move(from)) {}

  std::string name() const { return from_.place(); }
  sqlite_position position() const {
    return {number_, at_row_ ? rows_->values_from(columns) : after_, done_};
  }
  /// The rows after that one, of the file's present state.
  result<void> seek(const sqlite_position& to) {
    number_ = to.row, after_ = to.after, done_ = to.done;
    return done_ || after_.empty() ? result<void>{} : start();
  }

  void cancel() const { *cancelled_ = true; }

  /// Reads up to `demand` rows. A row whose values do not fit T is rejected; a file that cannot be
  /// read further throws leat::failure.
  pull_status pull(std::size_t demand, emitter<T>& out) {
    if (done_)
      return pull_status::done();
    if (!rows_)
      if (auto started = start(); !started)
        throw failure(started.error());
    for (; demand > 0 && !out.full(); --demand) {
      if (rows_->step() == sqlite_statement::status::done) {
        rows_.reset();
        at_row_ = false;
        done_ = true;
        return pull_status::done();
      }
      ++number_;
      at_row_ = true;
      read(out);
    }
    return pull_status::more();
  }

private:
  static constexpr int columns =
      with_fields<T>([]<class... F>(const F&...) { return static_cast<int>(sizeof...(F)); });

  result<void> start() {
    auto rows = from_.select(sqlite_columns<T>(), after_, cancelled_.get());
    if (!rows)
      return rows.error();
    rows_ = std::move(*rows);
    return {};
  }

  void read(emitter<T>& out) {
    T record{};
    int column = 0;
    std::string why;
    const auto read_field = [&](const auto& f) {
      why = sqlite_read(*rows_, column++, record.*f.member);
      if (!why.empty())
        why = csv_column_reason(f.name, why);
      return why.empty();
    };
    with_fields<T>([&](const auto&... f) { (void)(read_field(f) && ...); });
    if (why.empty())
      out(std::move(record));
    else
      out.reject(std::move(why), from_.place() + ", row " + std::to_string(number_), raw_row());
  }

  /// "id=1, note=\"x\""
  std::string raw_row() const {
    std::string raw;
    int column = 0;
    for_each_field<T>([&](const auto& f) {
      raw += column == 0 ? "" : ", ";
      raw += f.name;
      raw += '=' + rows_->shown_value(column++);
    });
    return raw;
  }

  sqlite_selection from_;
  std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
  std::optional<sqlite_statement> rows_;
  std::uint64_t number_ = 0;
  std::vector<sqlite_value> after_; ///< where it began
  bool at_row_ = false;
  bool done_ = false;
};

/// Reads the rows of a table, columns found by the names of T's fields:
///
///   leat::sqlite_source<payment>{"shop.db", "payments"}
///   leat::sqlite_source<payment>::query("shop.db", "SELECT ... WHERE ...", {"id"})
///
/// Without `order_by` a table is read by its primary key, or by rowid if it has none. Replayable if
/// these columns identify each row and are not NULL: it goes on after the row that was read last,
/// in the state that the file then has.
template <record T>
class sqlite_source {
public:
  using record_type = T;
  static constexpr bool blocking = true;

  sqlite_source(std::string file, std::string table, std::vector<std::string> order_by = {})
      : from_{std::move(file), std::move(table), {}, std::move(order_by)} {}

  /// The rows of one SELECT, ordered by columns of it.
  static sqlite_source query(std::string file, std::string select,
                             std::vector<std::string> order_by) {
    sqlite_source source{std::move(file), {}, std::move(order_by)};
    source.from_.query = std::move(select);
    return source;
  }

  std::vector<file_use> inputs() const { return {{from_.file, true}}; }

  result<void> check() const {
    if (const auto rows = from_.select(sqlite_columns<T>()); !rows)
      return rows.error();
    return {};
  }

  std::vector<sqlite_split<T>> splits() const {
    std::vector<sqlite_split<T>> one;
    one.emplace_back(from_);
    return one;
  }

private:
  sqlite_selection from_;
};

} // namespace leat
