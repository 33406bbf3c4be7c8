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
    sink.prepare();
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
