#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/memory/collect.hpp>
#include <leat/job.hpp>
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/pulling.hpp"

#include <rapidcheck.h>

#include <optional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace {

using support::content_of;
using support::read_all;
using support::temporary_folder;
using list = std::vector<std::string>;

struct sale {
  std::int64_t id = 0;
  leat::event_time time;
  double price = 0;
  std::string text;
  static constexpr auto fields =
      leat::fields("sale", leat::field("id", &sale::id), leat::field("time", &sale::time),
                   leat::field("price", &sale::price), leat::field("text", &sale::text));
};
using sales = leat::csv_source<sale>;

struct note {
  std::optional<std::string> text;
  static constexpr auto fields = leat::fields("note", leat::field("text", &note::text));
};

constexpr std::string_view head = "id,time,price,text\n";
constexpr std::string_view good = "1,2026-01-05T10:00:00Z,2.5,tea\n";

std::string fault_of(const sales& source) {
  const auto checked = source.check();
  return checked ? "" : checked.error().what;
}

template <class Sales>
std::vector<std::int64_t> ids(const Sales& records) {
  std::vector<std::int64_t> all;
  for (const sale& s : records)
    all.push_back(s.id);
  return all;
}
using numbers = std::vector<std::int64_t>;

/// "id,10:MM,1,x" for each minute.
std::string sales_at(const std::vector<std::pair<int, int>>& ids_and_minutes) {
  std::string text{head};
  for (const auto& [id, minute] : ids_and_minutes)
    text += std::to_string(id) + ",2026-01-05T10:" + (minute < 10 ? "0" : "") +
            std::to_string(minute) + ":00Z,1,x\n";
  return text;
}

const leat::event_time_by by_time{[](const sale& s) { return s.time; }};

} // namespace

TEST_CASE("a CSV file gives its records") {
  const temporary_folder folder;
  const std::string path = folder.write("a.csv", "text,price,extra,id,time\n"
                                                 "\"a,\"\"b\"\"\",2.5,,7,2026-01-05T10:00:00Z\n"
                                                 "caf\xC3\xA9,-1e3,x,8,2026-01-05T10:00:01Z\n");
  CHECK(sales{path}.check());
  for (const std::size_t demand : {1, 2, 100}) {
    const auto got = read_all(sales{path}, demand);
    CHECK(got.letters == list{});
    REQUIRE(got.records.size() == 2);
    CHECK(got.records[0].id == 7);
    CHECK(got.records[0].text == "a,\"b\"");
    CHECK(got.records[0].price == 2.5);
    CHECK(got.records[1].time == leat::event_time{std::chrono::seconds{1767607201}});
    CHECK(got.records[1].text == "caf\xC3\xA9");
  }
}

TEST_CASE("byte order mark, \\r\\n, empty lines and a missing last line end are accepted") {
  const temporary_folder folder;
  const auto count = [&](const std::string& content) {
    const sales source{folder.write("a.csv", content)};
    CHECK(source.check());
    const auto got = read_all(source);
    CHECK(got.letters == list{});
    return got.records.size();
  };
  const std::string line{good};
  CHECK(count("\xEF\xBB\xBFid,time,price,text\r\n1,2026-01-05T10:00:00Z,2.5,tea\r\n") == 1);
  CHECK(count("\n\r\n" + std::string{head} + "\n" + line + "\n\r\n" + line + "\n\n") == 2);
  CHECK(count(std::string{head} + line + line.substr(0, line.size() - 1)) == 2);
}

TEST_CASE("empty files and files of only a header have no records") {
  const temporary_folder folder;
  for (const std::string content :
       {"", "\n", "\r\n\n", "\xEF\xBB\xBF", "id,time,price,text", "id,time,price,text\r\n"}) {
    const sales source{folder.write("a.csv", content)};
    CHECK(source.check());
    const auto got = read_all(source);
    CHECK(got.records.empty());
    CHECK(got.letters == list{});
  }
}

TEST_CASE("an empty line is a record where one empty cell is") {
  const temporary_folder folder;
  const auto got = read_all(leat::csv_source<note>{folder.write("a.csv", "text\na\n\n\"\"\n")});
  REQUIRE(got.records.size() == 3);
  CHECK(got.records[0].text == "a");
  CHECK(!got.records[1].text);
  CHECK(got.records[2].text == "");
}

TEST_CASE("each kind of malformed line is a dead letter with its place and reason") {
  const temporary_folder folder;
  const std::string at = folder / "a.csv:";
  const auto letters = [&](const std::string& lines) {
    const auto got = read_all(sales{folder.write("a.csv", std::string{head} + lines)});
    CHECK(ids(got.records) == numbers(got.records.size(), 1));
    return got.letters;
  };
  const std::string line{good};
  CHECK(letters(line + "1,2026-01-05T10:00:00Z,2.5\n" + line) ==
        list{at + "3: 3 fields, 4 expected <1,2026-01-05T10:00:00Z,2.5>"});
  CHECK(letters("1,2026-01-05T10:00:00Z,2.5,a,b\n") ==
        list{at + "2: 5 fields, 4 expected <1,2026-01-05T10:00:00Z,2.5,a,b>"});
  CHECK(letters("x1,2026-01-05T10:00:00Z,2.5,a\n") ==
        list{at + "2: column \"id\": \"x1\" is not a whole number "
                  "<x1,2026-01-05T10:00:00Z,2.5,a>"});
  CHECK(letters("1,yesterday,2.5,a\n") == list{at + "2: column \"time\": \"yesterday\" is not a "
                                                    "time like 2026-01-05T10:20:30Z "
                                                    "<1,yesterday,2.5,a>"});
  CHECK(letters("1,2026-01-05T10:00:00Z,,a\n") ==
        list{at + "2: column \"price\": nothing where a number is expected "
                  "<1,2026-01-05T10:00:00Z,,a>"});
  CHECK(letters("99999999999999999999,2026-01-05T10:00:00Z,1,a\n") ==
        list{at + "2: column \"id\": 99999999999999999999 does not fit in int64 "
                  "<99999999999999999999,2026-01-05T10:00:00Z,1,a>"});
  CHECK(letters("1,2026-01-05T10:00:00Z,2.5,caf\xE9\n") ==
        list{at + "2: byte 31 is not UTF-8 <1,2026-01-05T10:00:00Z,2.5,caf\xE9>"});
  CHECK(letters("1,2026-01-05T10:00:00Z,2.5,\"a\nb\"\n") ==
        list{at + "2: field 4: its quote is not closed on this line "
                  "<1,2026-01-05T10:00:00Z,2.5,\"a>",
             at + "3: field 1: a quote inside a field without quotes <b\">"});
}

TEST_CASE("a last line that is cut off says so") {
  const temporary_folder folder;
  const std::string at = folder / "a.csv:";
  const auto got = read_all(
      sales{folder.write("a.csv", std::string{head} + std::string{good} + "2,2026-01-05T1")});
  CHECK(ids(got.records) == numbers{1});
  CHECK(got.letters == list{at + "3: 2 fields, 4 expected; it is the file's last line and has no "
                                 "line end: the file looks truncated <2,2026-01-05T1>"});
}

TEST_CASE("of a long line the first 4 KiB are kept, without half a character") {
  const temporary_folder folder;
  const std::string at = folder / "a.csv:";
  const std::string line = "x" + std::string(4094, 'y') + "\xC3\xA9" + std::string(900, 'z');
  const auto got = read_all(sales{folder.write("a.csv", std::string{head} + line + "\n")});
  CHECK(got.letters == list{at +
                            "2: 1 field, 4 expected; the first 4095 of its 4997 bytes are "
                            "kept <" +
                            line.substr(0, 4095) + ">"});
}

TEST_CASE("a line over the limit is a dead letter, and the next one is read") {
  const temporary_folder folder;
  const std::string path =
      folder.write("a.csv", std::string{head} + std::string(201, 'x') + "\n" + std::string{good});
  const auto got = read_all(sales{path, {.max_line = 200}});
  CHECK(ids(got.records) == numbers{1});
  CHECK(got.letters == list{path + ":2: a line of 201 bytes exceeds the maximum of 200 <" +
                            std::string(201, 'x') + ">"});
}

TEST_CASE("a line of 100 MB takes no more memory than any other") {
  const temporary_folder folder;
  const std::string path = folder.write("a.csv", head);
  constexpr std::size_t length = 100'000'000;
  REQUIRE(::truncate(path.c_str(), static_cast<off_t>(head.size() + length)) == 0);
  std::ofstream{path, std::ios::app} << '\n' << good << std::string(5'000'000, ',');

  const auto peak = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss; // KiB
  };
  const long before = peak();
  support::kept_letters dead_letters;
  auto split = std::move(sales{path}.splits().front());
  leat::emitter<sale> out{leat::fanout{}};
  out.open_for_reader({100}, "read", &dead_letters);
  while (!split.pull(100, out).is_done()) {
  }
  CHECK(peak() - before < 16 * 1024);

  CHECK(ids(out.records()) == numbers{1});
  REQUIRE(dead_letters.letters.size() == 2);
  CHECK(dead_letters.letters[0].place == path + ":2");
  CHECK(dead_letters.letters[0].reason ==
        "a line of 100000000 bytes exceeds the maximum of 1048576; the first "
        "4096 of its 100000000 bytes are kept");
  CHECK(dead_letters.letters[0].raw == std::string(4096, '\0'));
  CHECK(dead_letters.letters[1].place == path + ":4");
  CHECK(dead_letters.letters[1].reason ==
        "a line of 5000000 bytes exceeds the maximum of 1048576; it is the file's last line and "
        "has no line "
        "end: the file looks truncated; the first 4096 of its 5000000 bytes are kept");
}

TEST_CASE("a wrong header, a missing and an unreadable file are found before the first record") {
  const temporary_folder folder;
  const std::string path = folder / "a.csv";
  const auto header_fault = [&](const std::string& content) {
    return fault_of(sales{folder.write("a.csv", content)});
  };
  CHECK(header_fault("id,when,price,text\n") ==
        "\"" + path +
            "\": the header has no column \"time\", only \"id\", \"when\", \"price\", \"text\"");
  CHECK(header_fault("id,time,price,text,id\n") ==
        "\"" + path + "\": the header has the column \"id\" twice");
  CHECK(header_fault("PK\x03\x04\xFF\n") ==
        "\"" + path + "\": the header is not CSV: byte 5 is not UTF-8");
  CHECK(header_fault("\n" + std::string(2'000'000, 'x')) ==
        "\"" + path + "\": its line 2 has 2000000 bytes, too many for a header");
  CHECK(fault_of(sales{folder / "none.csv"}) ==
        "cannot open \"" + folder.path() + "/none.csv\": No such file or directory");
  CHECK(fault_of(sales{folder.path()}) == "\"" + folder.path() + "\" is a folder, not a file");
  CHECK(fault_of(sales{folder / "*.tsv"}) == "no file matches \"" + folder.path() + "/*.tsv\"");
  if (::geteuid() != 0) { // root may read everything
    REQUIRE(::chmod(path.c_str(), 0) == 0);
    CHECK(fault_of(sales{path}) == "cannot open \"" + path + "\": Permission denied");
  }
  for (const leat::error& e :
       {sales{folder / "none.csv"}.check().error(), sales{folder / "*.tsv"}.check().error()}) {
    CHECK(e.domain == leat::error_domain::user);
    CHECK(!e.hint.empty());
  }
}

TEST_CASE("a job does not start with a wrong header") {
  const temporary_folder folder;
  folder.write("a.csv", std::string{head} + std::string{good});
  folder.write("b.csv", good);
  leat::collect<sale> all;
  leat::graph g{"sales"};
  g.from("sales", sales{folder / "*.csv"}).to("all", all);
  const auto done = leat::run(std::move(g));
  REQUIRE(!done);
  CHECK(done.error().what.find("sales: \"" + folder.path() +
                               "/b.csv\": the header has no column \"id\"") == 0);
  CHECK(all.records().empty());
}

TEST_CASE("a job keeps good records and dead letters of all files") {
  const temporary_folder folder;
  folder.write("b.csv", std::string{head} + "3,x,1,a\n" + std::string{good});
  folder.write("a.csv", std::string{head} + std::string{good} + "oops\n" + std::string{good});
  folder.write("c.csv", "");
  for (const std::size_t readers : {1, 2, 5}) {
    support::kept_letters dead_letters;
    leat::collect<sale> all;
    leat::graph g{"sales"};
    g.from("sales", sales{folder / "*.csv"}, leat::no_event_time{}, {readers}).to("all", all);
    leat::run_options options;
    options.dead_letters = &dead_letters;
    const auto done = leat::run(std::move(g), options);
    REQUIRE(done);
    CHECK(done->records() == 3);
    CHECK(done->dead_letters == 2);
    CHECK(all.records().size() == 3);
    std::sort(dead_letters.letters.begin(), dead_letters.letters.end(),
              [](const auto& x, const auto& y) { return x.place < y.place; });
    REQUIRE(dead_letters.letters.size() == 2);
    CHECK(dead_letters.letters[0].stage == "sales");
    CHECK(dead_letters.letters[0].place == folder.path() + "/a.csv:3");
    CHECK(dead_letters.letters[0].reason == "1 field, 4 expected");
    CHECK(dead_letters.letters[0].raw == "oops");
    CHECK(dead_letters.letters[1].place == folder.path() + "/b.csv:2");
  }
}

TEST_CASE("files are splits: event time orders their records, in any parallelism") {
  const temporary_folder folder;
  folder.write("a.csv", sales_at({{1, 1}, {4, 4}, {5, 5}, {9, 9}}));
  folder.write("b.csv", sales_at({{2, 2}, {3, 3}, {8, 8}}));
  folder.write("c.csv", sales_at({{6, 6}, {7, 7}}));
  for (const std::size_t readers : {1, 2, 3})
    for (const std::uint64_t seed : {1, 2, 3}) {
      leat::collect<sale> all;
      leat::graph g{"sales"};
      g.from("sales", sales{folder / "*.csv"}, by_time, {readers})
          .to("all", all, {1, leat::order::by_stamp});
      leat::testing::simulation_options options;
      options.seed = seed;
      options.run.frames.records = 2;
      REQUIRE(leat::testing::simulation{std::move(g), options}.run());
      CHECK(ids(all.records()) == numbers{1, 2, 3, 4, 5, 6, 7, 8, 9});
    }
}

TEST_CASE("without event time files are read one after the other") {
  const temporary_folder folder;
  folder.write("1.csv", sales_at({{1, 9}, {2, 1}}));
  folder.write("2.csv", sales_at({{3, 5}, {4, 2}}));
  leat::collect<sale> all;
  leat::graph g{"sales"};
  g.from("sales", sales{folder / "*.csv"}).to("all", all, {1, leat::order::by_stamp});
  REQUIRE(leat::run(std::move(g)));
  CHECK(ids(all.records()) == numbers{1, 2, 3, 4});
}

TEST_CASE("a pipe is a source too, and its header is looked at when it comes") {
  const temporary_folder folder;
  const std::string pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto run = [&](std::string_view content) {
    std::thread writer{[&] { std::ofstream{pipe} << content; }};
    leat::collect<sale> all;
    leat::graph g{"sales"};
    g.from("sales", sales{pipe}).to("all", all);
    const auto done = leat::run(std::move(g));
    writer.join();
    return done ? std::to_string(all.records().size()) : done.error().what;
  };
  CHECK(run(std::string{head} + std::string{good}) == "1");
  CHECK(run("id\n1\n") == "\"" + pipe + "\": the header has no column \"time\", only \"id\"");
}

TEST_CASE("a file that vanishes after the check fails the job") {
  const temporary_folder folder;
  const std::string path = folder.write("a.csv", head);
  const sales source{path};
  CHECK(source.check());
  std::filesystem::remove(path);
  CHECK_THROWS_AS(read_all(source), leat::failure);
}

TEST_CASE("any bytes below a header are records, dead letters or empty lines") {
  const temporary_folder folder;
  CHECK(rc::check([&] {
    const auto pieces = *rc::gen::container<list>(rc::gen::oneOf(
        rc::gen::element<std::string>("\n", "\r\n", ",", "\"", "\"\"", "1", "-", "\xFF", "\xC3",
                                      std::string(1, '\0'), std::string{good}, "2026-01-05",
                                      std::string(40, 'x')),
        rc::gen::container<std::string>(rc::gen::arbitrary<char>())));
    std::string content{head};
    for (const std::string& piece : pieces)
      content += piece;
    std::size_t lines = 0;
    for (std::size_t at = head.size(); at < content.size();) {
      const std::size_t end = std::min(content.find('\n', at), content.size());
      const std::string line = content.substr(at, end - at);
      lines += line.empty() || line == "\r" ? 0 : 1;
      at = end + 1;
    }
    const sales source{folder.write("a.csv", content), {.max_line = 32}};
    const auto got = read_all(source, *rc::gen::inRange<std::size_t>(1, 5));
    RC_ASSERT(got.records.size() + got.letters.size() == lines);
    RC_ASSERT(read_all(source, 100).letters == got.letters);
  }));
}

namespace {

struct measured {
  std::string sensor;
  double value = 0;
  static constexpr auto fields = leat::fields("measured", leat::field("sensor", &measured::sensor),
                                              leat::field("value", &measured::value));
};

} // namespace

TEST_CASE("a field can get the path of its file") {
  const temporary_folder folder;
  const std::string a = folder.write("a.csv", "value\n1\n2\nx\n");
  const std::string b = folder.write("b.csv", "other,value\n,3\n");
  const leat::csv_source<measured> source{{a.c_str(), b.c_str()}, {.path_field = "sensor"}};
  CHECK(source.check());
  const auto got = read_all(source);
  REQUIRE(got.records.size() == 3);
  CHECK(got.records[0].sensor == a);
  CHECK(got.records[1].value == 2);
  CHECK(got.records[2].sensor == b);
  CHECK(got.letters == list{a + ":4: column \"value\": \"x\" is not a number <x>"});
}

TEST_CASE("a path field that a column has too, or no text, is refused") {
  const temporary_folder folder;
  const std::string path = folder.write("a.csv", "sensor,value\nx,1\n");
  const auto twice = leat::csv_source<measured>{path, {.path_field = "sensor"}}.check();
  REQUIRE(!twice);
  CHECK(twice.error().what == "\"" + path +
                                  "\": the header has a column \"sensor\", which is to come from "
                                  "elsewhere");
  for (const char* field : {"value", "nothing"}) {
    const auto wrong = leat::csv_source<measured>{path, {.path_field = field}}.check();
    REQUIRE(!wrong);
    CHECK(wrong.error().what ==
          std::string{"path_field \""} + field + "\" names no std::string of the record");
  }
}
