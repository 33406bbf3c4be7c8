// Writes records into a table of SQLite.
#pragma once

#include <leat/connectors/files/spool.hpp>
#include <leat/connectors/sqlite/database.hpp>
#include <leat/detail/transport/raw_text.hpp>
#include <leat/file_use.hpp>
#include <leat/model.hpp>
#include <leat/sink.hpp>

namespace leat {

struct sqlite_options {
  /// Columns that identify a row: a record replaces the row with the same ones. The table must have
  /// them as its primary key, or in a unique index. Without a key every record is a row.
  std::vector<std::string> key = {};
  /// Creates the file and the table if they do not exist, with the key as primary key.
  bool create = false;
  /// Without checkpoints: the maximum number of rows in one transaction. It also ends whenever the
  /// stage has nothing to do.
  std::size_t transaction = 10'000;
};

/// A record as a row...
template <class T>
struct sqlite_row {
  static_assert(record<T>, "rows are made of records with declared fields, or leat::scored of one");
  static std::vector<sqlite_column> columns() { return sqlite_columns<T>(); }
  template <class To>
  static void bind(To& to, const T& value) {
    int index = 0;
    for_each_field<T>([&](const auto& f) { sqlite_bind(to, ++index, value.*f.member); });
  }
  static std::string raw(const T& value) { return raw_text(value); }
};

/// ... and a scored one: its record, score, and who gave it.
template <class Features, class Score>
struct sqlite_row<scored<Features, Score>> {
  static_assert(scalar<Score>, "a score must be a scalar to stand in a column");

  static std::vector<sqlite_column> columns() {
    require_scored_names<Features>();
    auto all = sqlite_columns<Features>();
    all.push_back({"score", sqlite_type_of<Score>(), floating<Score>});
    all.push_back({"model", sqlite_type::text, true});
    all.push_back({"model_sha256", sqlite_type::text, true});
    return all;
  }
  template <class To>
  static void bind(To& to, const scored<Features, Score>& value) {
    constexpr int fields = field_count<Features>;
    sqlite_row<Features>::bind(to, value.record);
    sqlite_bind(to, fields + 1, value.score);
    sqlite_bind(to, fields + 2, value.model ? std::optional{value.model->id} : std::nullopt);
    sqlite_bind(to, fields + 3, value.model ? std::optional{value.model->sha256} : std::nullopt);
  }
  static std::string raw(const scored<Features, Score>& value) { return raw_text(value.record); }
};

/// A row as bytes. Takes values as a statement does.
class sqlite_row_bytes {
public:
  void bind(int index, std::int64_t value);
  void bind(int index, double value);
  void bind(int index, std::string_view value);
  void bind_null(int index);

  void clear() { bytes_.clear(); }
  std::string_view bytes() const { return bytes_; }

private:
  std::string bytes_; ///< of each value its kind and its bytes, in their order
};

/// The rows of one epoch, before they are in the table: what the sink prepares.
struct sqlite_epoch {
  std::string writer; ///< the sink that has prepared them
  epoch of = 0;
  spooled rows;
  static constexpr auto fields =
      leat::fields("sqlite_epoch", leat::field("writer", &sqlite_epoch::writer),
                   leat::field("of", &sqlite_epoch::of), leat::field("rows", &sqlite_epoch::rows));
};

/// A table that rows go into, in transactions. Errors name file and table.
class sqlite_table {
public:
  /// Opens the table and checks that it takes these columns.
  static result<sqlite_table> open(const std::string& file, const std::string& table,
                                   const std::vector<sqlite_column>& columns,
                                   const sqlite_options& options);

  /// Begins a transaction unless there is one. Throws leat::failure, as all of these.
  void begin();
  /// The statement to bind a row to.
  sqlite_statement& row() { return insert_; }
  /// Puts that row in. What it throws with domain `user` concerns the row alone.
  void put();
  void commit();
  std::size_t uncommitted() const { return uncommitted_; }

  /// Is told why the table refuses a row, and the row as JSON.
  using refusal = std::function<void(const error& why, std::string row)>;
  /// Puts the rows of an epoch in, and notes in the table leat_epochs that they are there, in one
  /// transaction. Doing it again changes nothing.
  void commit(const sqlite_epoch& prepared, const spool& from, const refusal& refused);

private:
  sqlite_table(sqlite_database file, std::vector<sqlite_column> columns, sqlite_statement insert)
      : file_(std::move(file)), columns_(std::move(columns)), insert_(std::move(insert)) {}
  void run(const char* sql);
  void rollback();
  bool has(const sqlite_epoch& prepared) const;
  void note(const sqlite_epoch& prepared) const;
  sqlite_statement prepared_statement(const std::string& sql) const;

  sqlite_database file_;
  std::vector<sqlite_column> columns_;
  sqlite_statement insert_;
  std::size_t uncommitted_ = 0; ///< rows of the open transaction
  bool open_ = false;
};

/// Inserts or replaces rows: leat::sqlite_sink<alert>{"shop.db", "alerts", {.key = {"id"}}}. The
/// columns are those of T's fields; further ones of the table get their defaults.
///
/// Without checkpoints rows are written in transactions; after a failure the committed rows stay,
/// so with a key a repeated run gives the same table, and without one it may write rows twice.
/// Several subtasks may write to one file: then each call is a transaction, and they take turns.
///
/// With checkpoints the rows of an epoch go into the table when its checkpoint is complete, in one
/// transaction with a row of the table leat_epochs: each record is in the table once.
///
/// A row that the table refuses (a constraint, a number too large) is a dead letter.
template <class T>
class sqlite_sink {
public:
  static constexpr bool blocking = true;
  static constexpr bool publishes_as_it_goes = true;

  sqlite_sink(std::string file, std::string table, sqlite_options options = {})
      : file_(std::move(file)), name_(std::move(table)), options_(std::move(options)) {}
  /// A copy is for another subtask: it opens the file itself.
  sqlite_sink(const sqlite_sink& other)
      : file_(other.file_), name_(other.name_), options_(other.options_) {}
  sqlite_sink(sqlite_sink&&) = default;

  std::vector<file_use> targets(const sink_context&) const { return {{file_, true}}; }

  /// Whether the table exists, or can be created, and takes such rows.
  result<void> check() const {
    if (const auto table = connect(); !table)
      return table.error();
    return {};
  }

  result<void> open(const sink_context& place) {
    auto table = connect();
    if (!table)
      return table.error();
    table_ = std::move(*table);
    place_ = place;
    if (!place.checkpoints)
      return {};
    auto rows = spool::open(place);
    if (!rows)
      return rows.error();
    rows_ = std::move(*rows);
    writer_ = place.stage + '-' + std::to_string(place.subtask) + '-' + unique_name();
    return {};
  }

  void write(std::span<const T> records) {
    for (const T& r : records) {
      put(r);
      if (table_->uncommitted() >= options_.transaction)
        table_->commit();
    }
    if (place_.subtasks > 1)
      table_->commit();
  }

  void flush() { table_->commit(); }

  result<std::optional<sqlite_epoch>> prepare(epoch n) {
    table_->commit();
    if (!rows_)
      return std::optional<sqlite_epoch>{};
    auto sealed = rows_->seal(n);
    if (!sealed)
      return sealed.error();
    if (!*sealed)
      return std::optional<sqlite_epoch>{};
    return std::optional{sqlite_epoch{writer_, n, std::move(**sealed)}};
  }
  result<void> commit(const sqlite_epoch& prepared) {
    table_->commit(prepared, *rows_,
                   [this](const error& why, std::string row) { reject(why, std::move(row)); });
    return rows_->remove(prepared.rows);
  }
  result<void> discard_uncommitted() { return rows_->discard(); }

private:
  result<sqlite_table> connect() const {
    return sqlite_table::open(file_, name_, sqlite_row<T>::columns(), options_);
  }

  void put(const T& record) {
    try {
      if (rows_)
        return keep(record);
      table_->begin();
      sqlite_row<T>::bind(table_->row(), record);
      table_->put();
    } catch (const failure& f) {
      if (f.error().domain != error_domain::user)
        throw;
      reject(f.error(), sqlite_row<T>::raw(record));
    }
  }

  void keep(const T& record) {
    row_.clear();
    sqlite_row<T>::bind(row_, record);
    if (auto kept = rows_->add(row_.bytes()); !kept)
      throw failure(kept.error());
  }

  void reject(const error& why, std::string row) {
    if (!place_.dead_letters)
      throw failure(why);
    place_.dead_letters->put({why.what, place_.stage, {}, std::move(row)});
  }

  std::string file_;
  std::string name_;
  sqlite_options options_;
  sink_context place_;
  std::optional<sqlite_table> table_;
  std::optional<spool> rows_; ///< with checkpoints
  std::string writer_;        ///< with checkpoints: differs from that of any other sink
  sqlite_row_bytes row_;
};

} // namespace leat
