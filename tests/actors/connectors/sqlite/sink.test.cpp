#include <leat/connectors/memory/generate.hpp>
#include <leat/connectors/sqlite/sink.hpp>
#include <leat/connectors/sqlite/source.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/epochs.hpp"
#include "support/files.hpp"
#include "support/killing.hpp"
#include "support/letters.hpp"
#include "support/pulling.hpp"

using support::item;
using support::read_all;
using support::temporary_folder;
using item_sink = leat::sqlite_sink<item>;

namespace {

struct large {
  std::uint64_t number = 0;
  static constexpr auto fields = leat::fields("large", leat::field("number", &large::number));
};

leat::sqlite_database database(const std::string& path, const std::string& sql = "SELECT 1") {
  auto file = leat::sqlite_database::open_to_write(path, true);
  REQUIRE(file);
  REQUIRE(file->run(sql));
  return std::move(*file);
}

std::int64_t number(const leat::sqlite_database& file, const std::string& sql) {
  auto asked = file.prepare(sql);
  REQUIRE(asked);
  REQUIRE(asked->step() == leat::sqlite_statement::status::row);
  return asked->integer(0);
}

std::string told(const item_sink& s) {
  const auto checked = s.check();
  REQUIRE(!checked);
  return leat::to_string(checked.error());
}

auto numbered_item = [](std::uint64_t n) {
  return item{static_cast<std::int64_t>(n % 100), static_cast<std::int64_t>(n), 7};
};

leat::result<leat::job_metrics> run(item_sink s, std::size_t parallelism,
                                    leat::dead_letter_sink* dead_letters = nullptr,
                                    std::uint64_t count = 3000) {
  leat::graph g{"items"};
  g.from("in", leat::generate(numbered_item, count)).to("out", std::move(s), {parallelism});
  leat::run_options options;
  options.dead_letters = dead_letters;
  return leat::run(std::move(g), options);
}

} // namespace

TEST_CASE("a job writes all rows, in one subtask or several that take turns") {
  for (const std::size_t parallelism : {1U, 3U}) {
    const temporary_folder folder;
    const std::string path = folder / "a.db";
    REQUIRE(run(item_sink{path, "items", {.create = true, .transaction = 100}}, parallelism));
    const auto file = database(path);
    CHECK(number(file, "SELECT count(*) FROM items") == 3000);
    CHECK(number(file, "SELECT sum(number) FROM items") == 2999 * 3000 / 2);
    REQUIRE(run(item_sink{path, "items"}, parallelism)); // without a key rows add up
    CHECK(number(file, "SELECT count(*) FROM items") == 6000);
  }
}

TEST_CASE("with a key a repeated run comes to the same table") {
  const temporary_folder folder;
  const std::string path = folder / "a.db";
  const item_sink s{path, "items", {.key = {"key"}, .create = true}};
  for (int i = 0; i < 2; ++i) {
    REQUIRE(run(s, 1));
    const auto file = database(path);
    CHECK(number(file, "SELECT count(*) FROM items") == 100);
    CHECK(number(file, "SELECT min(number) FROM items") == 2900); // the last of each key
  }
  const item_sink all{path, "all_keys", {.key = {"value", "number", "key"}, .create = true}};
  for (int i = 0; i < 2; ++i)
    REQUIRE(run(all, 1));
  CHECK(number(database(path), "SELECT count(*) FROM all_keys") == 3000);
}

TEST_CASE("rows are seen by others when the stage is idle, or a transaction is full") {
  const temporary_folder folder;
  item_sink s{folder / "a.db", "items", {.create = true, .transaction = 2}};
  REQUIRE(s.open({"out", 0, 1, nullptr}));
  const auto file = database(folder / "a.db");
  const item i{1, 2, 3};
  const auto write = [&] {
    s.write(std::span<const item>{&i, 1});
    return number(file, "SELECT count(*) FROM items");
  };
  CHECK(write() == 0);
  CHECK(write() == 2);
  CHECK(write() == 2);
  s.flush();
  CHECK(number(file, "SELECT count(*) FROM items") == 3);
  CHECK(write() == 3);
  s.flush();
  CHECK(number(file, "SELECT count(*) FROM items") == 4);
}

TEST_CASE("a sink that is given up leaves what was committed and nothing else") {
  const temporary_folder folder;
  {
    item_sink s{folder / "a.db", "items", {.create = true}};
    REQUIRE(s.open({"out", 0, 1, nullptr}));
    const std::vector<item> first{{1, 1, 1}, {2, 2, 2}}, second{{3, 3, 3}};
    s.write(std::span<const item>{first});
    s.flush();
    s.write(std::span<const item>{second});
  }
  CHECK(number(database(folder / "a.db"), "SELECT count(*) FROM items") == 2);
}

TEST_CASE("a row that the table refuses is a dead letter, and the others are written") {
  const temporary_folder folder;
  const std::string path = folder / "a.db";
  const auto file =
      database(path, "CREATE TABLE items (key INT, number INT CHECK (number <> 7), value INT)");
  support::kept_letters dead_letters;
  REQUIRE(run(item_sink{path, "items"}, 1, &dead_letters, 10));
  CHECK(number(file, "SELECT count(*) FROM items") == 9);
  REQUIRE(dead_letters.letters.size() == 1);
  CHECK(dead_letters.letters[0].stage == "out");
  CHECK(dead_letters.letters[0].reason == "\"" + path + "\": CHECK constraint failed: number <> 7");
  CHECK(dead_letters.letters[0].raw == R"({"key":7,"number":7,"value":7})");
  const auto failed = run(item_sink{path, "items"}, 1, nullptr, 10);
  REQUIRE(!failed);
  CHECK(failed.error().stage == "out");
}

TEST_CASE("an integer that SQLite does not have is a dead letter") {
  const temporary_folder folder;
  support::kept_letters dead_letters;
  leat::sqlite_sink<large> s{folder / "a.db", "t", {.create = true}};
  REQUIRE(s.open({"out", 0, 1, &dead_letters}));
  const std::vector<large> rows{{1}, {~std::uint64_t{0}}, {2}};
  s.write(std::span<const large>{rows});
  s.flush();
  CHECK(read_all(leat::sqlite_source<large>{folder / "a.db", "t"}).records.size() == 2);
  REQUIRE(dead_letters.letters.size() == 1);
  CHECK(dead_letters.letters[0].reason ==
        "18446744073709551615 does not fit in an integer of SQLite");
}

TEST_CASE("a table that does not take such rows is told before the first one") {
  const temporary_folder folder;
  const std::string path = folder / "a.db";
  CHECK(told(item_sink{path, "items"}).starts_with("\"" + path + "\": unable to open"));
  CHECK(folder.size() == 0);
  database(path, "CREATE TABLE few (key INT, number INT)");
  database(path, "CREATE TABLE other (key INT, number TEXT, value INT)");
  database(path, "CREATE TABLE free (key, number NUMERIC, value INTEGER, more TEXT)");
  CHECK(told(item_sink{path, "items"}) ==
        "\"" + path +
            "\": there is no table \"items\"\n  hint: check the name, or let the sink make it: "
            "{.create = true}");
  CHECK(told(item_sink{path, "few"}) ==
        "\"" + path + "\": the table \"few\" has no column \"value\"");
  CHECK(told(item_sink{path, "other"}) ==
        "\"" + path +
            "\": the column \"number\" of \"other\" is TEXT, which "
            "does not keep our INTEGER as it is\n  hint: declare it "
            "INTEGER");
  CHECK(item_sink{path, "free"}.check());
  CHECK(
      told(item_sink{path, "free", {.key = {"key"}}})
          .ends_with("hint: the table \"free\" needs a primary key or a unique index of \"key\""));
  CHECK(told(item_sink{path, "free", {.key = {"id"}}}) ==
        "the key column \"id\" is not a field of the record");
  CHECK(!item_sink{path, "free", {.transaction = 0}}.check());
}

TEST_CASE("scored records have columns for score and model") {
  const temporary_folder folder;
  using scored = leat::scored<item>;
  leat::sqlite_sink<scored> s{folder / "a.db", "t", {.create = true}};
  REQUIRE(s.open({"out", 0, 1, nullptr}));
  const std::vector<scored> rows{{{1, 2, 3}, 0.5f, {}},
                                 {{1, 2, 3}, 0.5f, leat::model_ref::intern({"risk", "ab12"})}};
  s.write(std::span<const scored>{rows});
  s.flush();
  const auto file = database(folder / "a.db");
  CHECK(number(file, "SELECT count(*) FROM t WHERE score = 0.5 AND key = 1 AND value = 3") == 2);
  CHECK(number(file, "SELECT count(*) FROM t WHERE model IS NULL AND model_sha256 IS NULL") == 1);
  CHECK(number(file, "SELECT count(*) FROM t WHERE model = 'risk' AND model_sha256 = 'ab12'") == 1);
}

// --- with checkpoints -------------------------------------------------------------------------

namespace {

struct mixed {
  std::string text;
  std::optional<double> real;
  bool flag = false;
  leat::event_time at{};
  static constexpr auto fields =
      leat::fields("mixed", leat::field("text", &mixed::text), leat::field("real", &mixed::real),
                   leat::field("flag", &mixed::flag), leat::field("at", &mixed::at));
  bool operator==(const mixed&) const = default;
};

template <class T>
auto stage_of(leat::sqlite_sink<T> s) {
  return std::make_unique<leat::sink_stage<T, leat::sqlite_sink<T>>>(std::move(s),
                                                                     std::chrono::nanoseconds{0});
}

std::vector<item> items_in(const std::string& path) {
  return read_all(leat::sqlite_source<item>{path, "items", {"number"}}).records;
}

} // namespace

TEST_CASE("whatever crashes, each record is a row once") {
  support::for_seeds(25, [](support::dice d) {
    const temporary_folder folder;
    const std::string path = folder / "a.db";
    database(path, "CREATE TABLE items (key INT, number INT, value INT)");
    const auto records = support::numbered(d(1, 100));
    support::run_with_crashes(
        records, d, folder.path(),
        [&] {
          return stage_of(item_sink{path, "items"});
        },
        [&](const support::saved_job& job) { REQUIRE(items_in(path).size() <= job.records); });
    REQUIRE(items_in(path) == records);
  });
}

TEST_CASE("killed at any operation on a file, each record is a row once") {
  support::for_seeds(3, [](support::dice d) {
    const temporary_folder folder;
    const std::string path = folder / "a.db";
    database(path, "CREATE TABLE long_texts (number INT, text TEXT)");
    std::vector<support::text_item> records; // long enough for files
    for (int n = 0, count = d(20, 50); n < count; ++n)
      records.push_back({n, std::string(d.size(1, 20'000), 'x')});
    support::shared_bytes kept;
    support::saved_job job;
    const auto save = [&](const support::saved_job& now) {
      std::string bytes;
      leat::append_binary(bytes, now);
      kept.put(bytes);
    };
    save(job);
    for (int attempts = 0; !job.done; ++attempts) {
      const int last_operation = attempts < 40 ? d(0, 40) : 100'000;
      const auto seed = static_cast<std::uint64_t>(d(0, 1'000'000));
      support::ends_before(last_operation, [&] {
        support::dice of_attempt(seed);
        support::epoch_attempt<support::text_item>(job, of_attempt, folder.path(), save, [] {
        }).run(records, [&] {
          return stage_of(leat::sqlite_sink<support::text_item>{path, "long_texts"});
        });
      });
      const std::string bytes = kept.get();
      leat::byte_cursor from(bytes);
      REQUIRE(leat::read_binary(from, job));
    }
    const auto got =
        read_all(leat::sqlite_source<support::text_item>{path, "long_texts", {"number"}});
    REQUIRE(got.records == records);
  });
}

TEST_CASE("rows wait for their epoch, and keep every kind of value") {
  const temporary_folder folder;
  const std::string path = folder / "a.db";
  leat::sqlite_sink<mixed> s{path, "t", {.create = true}};
  REQUIRE(s.open({.stage = "out", .checkpoints = true}));
  const std::vector<mixed> rows{{"a\"b", 0.5, true, leat::from_micros(7)}, {"", {}, false, {}}};
  s.write(std::span<const mixed>{rows});
  s.flush();
  const auto prepared = s.prepare(5);
  REQUIRE(prepared);
  REQUIRE(*prepared);
  const auto in_table = [&] { return read_all(leat::sqlite_source<mixed>{path, "t"}).records; };
  CHECK(in_table().empty());
  for (int times = 0; times < 2; ++times) {
    CHECK(s.commit(**prepared));
    CHECK(in_table() == rows);
  }
  CHECK(number(database(path), "SELECT epoch FROM leat_epochs") == 5);
  const auto nothing = s.prepare(6);
  REQUIRE(nothing);
  CHECK(!*nothing);
}

TEST_CASE("a row that the table refuses when its epoch is committed is a dead letter") {
  const temporary_folder folder;
  const std::string path = folder / "a.db";
  const auto file =
      database(path, "CREATE TABLE items (key INT, number INT CHECK (number <> 7), value INT)");
  support::kept_letters dead_letters;
  item_sink s{path, "items"};
  REQUIRE(s.open({.stage = "out", .dead_letters = &dead_letters, .checkpoints = true}));
  const std::vector<item> rows{{1, 6, 0}, {1, 7, 0}, {1, 8, 0}};
  s.write(std::span<const item>{rows});
  const auto prepared = s.prepare(1);
  CHECK(dead_letters.letters.empty());
  REQUIRE(s.commit(**prepared));
  REQUIRE(s.commit(**prepared));
  CHECK(number(file, "SELECT count(*) FROM items") == 2);
  REQUIRE(dead_letters.letters.size() == 1);
  CHECK(dead_letters.letters[0].reason == "\"" + path + "\": CHECK constraint failed: number <> 7");
  CHECK(dead_letters.letters[0].raw == R"({"key":1,"number":7,"value":0})");

  item_sink strict{path, "items"};
  REQUIRE(strict.open({.stage = "out", .checkpoints = true}));
  strict.write(std::span<const item>{rows});
  const auto refused = strict.prepare(2);
  CHECK_THROWS_AS(strict.commit(**refused), leat::failure);
  CHECK(number(file, "SELECT count(*) FROM items") == 2); // all of an epoch or nothing
}
