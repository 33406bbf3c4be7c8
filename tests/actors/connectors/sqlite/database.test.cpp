#include <leat/connectors/sqlite/database.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

using support::temporary_folder;

TEST_CASE("a file that is no database, or not there, is told by its name") {
  const temporary_folder folder;
  const auto missing = leat::sqlite_database::open_to_read(folder / "none.db");
  REQUIRE(!missing);
  CHECK(missing.error().what.starts_with("\"" + (folder / "none.db") + "\": unable to open"));
  CHECK(!leat::sqlite_database::open_to_write(folder / "none.db", false));
  CHECK(folder.size() == 0);
  const std::string text = folder.write("a.db", std::string(5000, 'x'));
  const auto other = leat::sqlite_database::open_to_read(text);
  REQUIRE(!other);
  CHECK(other.error().what == "\"" + text + "\": file is not a database");
  CHECK(leat::sqlite_database::open_to_write(folder / "new.db", true));
}

TEST_CASE("only one statement is taken, and its errors name the file") {
  const temporary_folder folder;
  const auto file = leat::sqlite_database::open_to_write(folder / "a.db", true);
  REQUIRE(file);
  CHECK(file->run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT);\n"));
  CHECK(!file->run("DELETE FROM t; DROP TABLE t"));
  CHECK(!file->run(""));
  const auto wrong = file->run("SELEKT 1");
  REQUIRE(!wrong);
  CHECK(wrong.error().what == "\"" + (folder / "a.db") + "\": near \"SELEKT\": syntax error");
  const auto columns = file->columns_of("t");
  REQUIRE(columns);
  REQUIRE(columns->size() == 2);
  CHECK((*columns)[0].name == "a");
  CHECK((*columns)[0].key == 1);
  CHECK((*columns)[1].type == "TEXT");
  CHECK((*columns)[1].key == 0);
  CHECK(file->columns_of("none")->empty());
  CHECK(leat::sqlite_name("a\"b") == "\"a\"\"b\"");
}
