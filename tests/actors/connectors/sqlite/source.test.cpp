#include <leat/connectors/memory/collect.hpp>
#include <leat/connectors/sqlite/sink.hpp>
#include <leat/connectors/sqlite/source.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/pulling.hpp"

#include <rapidcheck.h>

#include <limits>

using support::read_all;
using support::temporary_folder;
using strings = std::vector<std::string>;

namespace {

enum class kind : std::uint8_t { card, cash };

struct payment {
  std::int64_t id = 0;
  bool settled = false;
  std::uint8_t terminal = 0;
  std::uint32_t shop = 0;
  float share = 0;
  double amount = 0;
  kind what = kind::card;
  std::string note;
  leat::event_time at{};
  std::optional<std::int32_t> maybe_number;
  std::optional<std::string> maybe_text;
  static constexpr auto fields = leat::fields(
      "payment", leat::field("id", &payment::id), leat::field("settled", &payment::settled),
      leat::field("terminal", &payment::terminal), leat::field("shop", &payment::shop),
      leat::field("share", &payment::share), leat::field("amount", &payment::amount),
      leat::field("what", &payment::what), leat::field("note", &payment::note),
      leat::field("at", &payment::at), leat::field("number", &payment::maybe_number),
      leat::field("a \"text\"", &payment::maybe_text));
};

struct row {
  std::int64_t id = 0;
  std::string text;
  static constexpr auto fields =
      leat::fields("row", leat::field("id", &row::id), leat::field("text", &row::text));
};

struct small {
  std::uint8_t id = 0;
  bool flag = false;
  static constexpr auto fields =
      leat::fields("small", leat::field("id", &small::id), leat::field("flag", &small::flag));
};

std::string json_of(const payment& p) {
  std::string text;
  leat::append_json(text, p);
  return text;
}

template <class F>
F any_float() {
  using limits = std::numeric_limits<F>;
  return *rc::gen::oneOf(rc::gen::arbitrary<F>(),
                         rc::gen::element(limits::quiet_NaN(), limits::infinity(),
                                          -limits::infinity(), limits::denorm_min(),
                                          limits::max()));
}

template <class V>
V any() {
  return *rc::gen::arbitrary<V>();
}

payment any_payment(std::int64_t id) {
  payment p;
  p.id = id;
  p.settled = any<bool>();
  p.terminal = any<std::uint8_t>();
  p.shop = any<std::uint32_t>();
  p.share = any_float<float>();
  p.amount = any_float<double>();
  p.what = kind{any<std::uint8_t>()};
  p.note = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
  p.at = leat::event_time{std::chrono::microseconds{any<std::int64_t>()}};
  if (any<bool>())
    p.maybe_number = any<std::int32_t>();
  if (any<bool>())
    p.maybe_text = *rc::gen::element<std::string>("", "x", "0");
  return p;
}

/// A file with what these statements make.
std::string database(const temporary_folder& folder, const strings& statements) {
  const auto file = leat::sqlite_database::open_to_write(folder / "a.db", true);
  REQUIRE(file);
  for (const std::string& sql : statements)
    REQUIRE(file->run(sql));
  return folder / "a.db";
}

strings texts(const std::vector<row>& rows) {
  strings all;
  for (const row& r : rows)
    all.push_back(r.text);
  return all;
}

} // namespace

TEST_CASE("what a SQLite sink writes a SQLite source reads, by key") {
  CHECK(rc::check([] {
    const temporary_folder folder;
    leat::sqlite_sink<payment> sink{folder / "a.db", "payments", {.key = {"id"}, .create = true}};
    RC_ASSERT(static_cast<bool>(sink.check()));
    RC_ASSERT(static_cast<bool>(sink.open({"out", 0, 1, nullptr})));
    std::map<std::int64_t, payment> wanted;
    for (const std::int64_t id : any<std::vector<std::int64_t>>()) {
      const payment p = any_payment(id % 10);
      wanted[p.id] = p;
      sink.write(std::span<const payment>{&p, 1});
      if (any<bool>())
        sink.flush();
    }
    sink.flush();
    const leat::sqlite_source<payment> source{folder / "a.db", "payments"};
    RC_ASSERT(static_cast<bool>(source.check()));
    const auto got = read_all(source, 3);
    RC_ASSERT(got.letters == strings{});
    RC_ASSERT(got.records.size() == wanted.size());
    std::size_t i = 0;
    for (const auto& [id, p] : wanted)
      RC_ASSERT(json_of(got.records[i++]) == json_of(p));
  }));
}

TEST_CASE("a table is read by its key, by rowid, or by the columns that are named") {
  const temporary_folder folder;
  const std::string file =
      database(folder, {"CREATE TABLE plain (text TEXT, more BLOB, id INT)",
                        "INSERT INTO plain VALUES ('b', 1, 2), ('a', 2, 3), ('c', 3, 1)",
                        "CREATE TABLE keyed (id INT, text TEXT, PRIMARY KEY (text)) WITHOUT ROWID",
                        "INSERT INTO keyed VALUES (2, 'b'), (3, 'a'), (1, 'c')",
                        "CREATE VIEW looked AS SELECT * FROM plain WHERE id > 1"});
  using source = leat::sqlite_source<row>;
  CHECK(texts(read_all(source{file, "plain"}).records) == strings{"b", "a", "c"});
  CHECK(texts(read_all(source{file, "keyed"}).records) == strings{"a", "b", "c"});
  CHECK(texts(read_all(source{file, "plain", {"id"}}).records) == strings{"c", "b", "a"});
  CHECK(texts(read_all(source{file, "looked", {"id"}}).records) == strings{"b", "a"});
  CHECK(texts(read_all(source::query(file,
                                     "SELECT max(id) AS id, text || '!' AS text, 1 AS one FROM "
                                     "plain GROUP BY text -- all",
                                     {"one", "text"}))
                  .records) == strings{"a!", "b!", "c!"});
}

TEST_CASE("a wrong table, column or query is told before the first row") {
  const temporary_folder folder;
  const std::string file = database(folder, {"CREATE TABLE t (id INT)"});
  const auto told = [&](const leat::sqlite_source<row>& source) {
    const auto checked = source.check();
    REQUIRE(!checked);
    CHECK(checked.error().what.starts_with("\"" + file + "\": "));
    return checked.error().what.substr(file.size() + 4);
  };
  using source = leat::sqlite_source<row>;
  CHECK(told({file, "none"}) == "there is no table \"none\"");
  CHECK(told({file, "t"}) == "no such column: r.text");
  CHECK(told({file, "t", {"text"}}) == "no such column: r.text");
  CHECK(told(source::query(file, "SELECT id, 'x' AS text FROM t", {})) == "a query needs an order");
  CHECK(told(source::query(file, "DELETE FROM t", {"id"})).starts_with("near \"DELETE\""));
  CHECK(told(source::query(file, "SELECT 1); DELETE FROM t; --", {"id"})) ==
        "no such column: r.id");
}

TEST_CASE("a value of another type is a dead letter, and the next row is read") {
  const temporary_folder folder;
  const std::string file =
      database(folder, {"CREATE TABLE t (id, text)",
                        "INSERT INTO t VALUES (1, 'a'), ('x', 'b'), (3, NULL), (NULL, 'd'), "
                        "(1.5, 'e'), (6, x'00'), (7, 7), (8, 'h')"});
  const auto got = read_all(leat::sqlite_source<row>{file, "t"});
  CHECK(texts(got.records) == strings{"a", "h"});
  const std::string at = file + ":t, row ";
  CHECK(got.letters ==
        strings{
            at + "2: column \"id\": \"x\" where a whole number is expected <id=\"x\", text=\"b\">",
            at + "3: column \"text\": NULL where a text is expected <id=3, text=NULL>",
            at + "4: column \"id\": NULL where a whole number is expected <id=NULL, text=\"d\">",
            at + "5: column \"id\": 1.5 where a whole number is expected <id=1.5, text=\"e\">",
            at + "6: column \"text\": \"\\x00\" where a text is expected <id=6, text=\"\\x00\">",
            at + "7: column \"text\": 7 where a text is expected <id=7, text=7>"});
}

TEST_CASE("numbers that do not fit are dead letters") {
  const temporary_folder folder;
  const std::string file = database(
      folder, {"CREATE TABLE t (id, flag)", "INSERT INTO t VALUES (300, 0), (-1, 0), (5, 2)"});
  const auto got = read_all(leat::sqlite_source<small>{file, "t"});
  REQUIRE(got.letters.size() == 3);
  CHECK(got.letters[0].find("300 does not fit in uint8") != std::string::npos);
  CHECK(got.letters[1].find("column \"id\": -1") != std::string::npos);
  CHECK(got.letters[2].find("2 where 0 or 1 is expected") != std::string::npos);
}

TEST_CASE("a table is read on after the row that was read last, whatever came or went before it") {
  const temporary_folder folder;
  const std::string file = database(
      folder,
      {"CREATE TABLE t (id INT, text TEXT, code BLOB, share REAL, PRIMARY KEY (share, code, id))",
       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) "
       "INSERT INTO t SELECT i, CASE WHEN i % 9 = 0 THEN NULL ELSE 't' || i END, "
       "CASE i % 3 WHEN 0 THEN x'00ff' WHEN 1 THEN 'x' ELSE i END, i % 4 / 3.0 FROM n"});
  using source = leat::sqlite_source<row>;
  for (const source& s :
       {source{file, "t"}, source{file, "t", {"id"}}, source{file, "t", {"code", "id"}},
        source::query(file, "SELECT id * 2 AS id, text FROM t", {"id"})}) {
    const auto wanted = read_all(s);
    REQUIRE(wanted.letters.size() == 5);
    for (const std::size_t demand : {1, 7, 50}) {
      const auto got = support::read_in_parts(s, 1, demand);
      CHECK(texts(got.records) == texts(wanted.records));
      CHECK(got.letters == wanted.letters);
    }
  }

  auto splits = source{file, "t", {"id"}}.splits();
  CHECK(support::read_some<row>(splits.front(), 1, 10).records.size() == 9);
  const auto here = splits.front().position();
  splits.clear();
  const auto writer = leat::sqlite_database::open_to_write(file, false);
  REQUIRE(writer);
  REQUIRE(writer->run("DELETE FROM t WHERE id < 5 OR id = 10"));
  REQUIRE(writer->run("INSERT INTO t VALUES (-1, 'new', 0, 0)"));
  auto on = source{file, "t", {"id"}}.splits();
  REQUIRE(on.front().seek(here));
  CHECK(texts(support::read_some<row>(on.front(), 1, 2).records) == strings{"t11", "t12"});
}

TEST_CASE("a table is not read on where its order does not say which row was the last") {
  const temporary_folder folder;
  const std::string file =
      database(folder, {"CREATE TABLE t (id INT, text TEXT)",
                        "INSERT INTO t VALUES (NULL, 'n'), (1, 'a'), (1, 'b'), (2, 'c')"});
  const leat::sqlite_source<row> source{file, "t", {"id"}};
  const auto error_after = [&](std::size_t rows) {
    auto splits = source.splits();
    (void)support::read_some<row>(splits.front(), 1, rows);
    const auto moved = source.splits().front().seek(splits.front().position());
    return moved ? std::string("none") : moved.error().what;
  };
  CHECK(error_after(1) == file + ":t cannot be read on after a row whose order is NULL");
  CHECK(error_after(2) == file + ":t cannot be read on after one of 2 rows with the same order");
  CHECK(error_after(4) == "none");
}

TEST_CASE("a job reads one state of a table while others write to it") {
  const temporary_folder folder;
  strings statements{
      "PRAGMA journal_mode=WAL", "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)",
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
      "INSERT INTO t SELECT i, 'old' FROM n"};
  const std::string file = database(folder, statements);
  const auto writer = leat::sqlite_database::open_to_write(file, false);
  REQUIRE(writer);
  auto split = std::move(leat::sqlite_source<row>{file, "t"}.splits().front());
  support::kept_letters dead_letters;
  leat::emitter<row> out{leat::fanout{}};
  out.open_for_reader({100}, "read", &dead_letters);
  REQUIRE(split.pull(10, out).is_more());
  REQUIRE(writer->run("UPDATE t SET text = 'new'"));
  REQUIRE(writer->run("DELETE FROM t WHERE id > 500"));
  std::size_t got = 0;
  for (bool more = true; more;) {
    more = !split.pull(100, out).is_done();
    const auto rows = out.take();
    for (const row& r : rows->as<row>()) {
      CHECK(r.text == "old");
      ++got;
    }
  }
  CHECK(got == 1000);
}
