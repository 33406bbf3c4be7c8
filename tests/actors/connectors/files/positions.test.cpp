// Readers of files go on at the positions that they had.
#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/files/watched_folder.hpp>
#include <leat/connectors/json_lines/source.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/connectors/socket/source.hpp>
#include <leat/detail/stage/typed_source.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/files.hpp"
#include "support/pulling.hpp"

#include <sys/stat.h>

using support::read_all;
using support::read_in_parts;
using support::temporary_folder;

namespace {

struct row {
  std::int64_t id = 0;
  std::string text;
  static constexpr auto fields =
      leat::fields("row", leat::field("id", &row::id), leat::field("text", &row::text));
  friend bool operator==(const row&, const row&) = default;
};
using csv = leat::csv_source<row>;
using json_lines = leat::json_lines_source<row>;

// Records, empty lines, and lines that are none; with line ends of both kinds, or none at the end.
template <class Line>
std::string any_lines(support::dice& roll, Line line) {
  std::string content = roll(0, 4) == 0 ? "\xEF\xBB\xBF" : "";
  for (int n = roll(0, 30); n > 0; --n) {
    const int kind = roll(0, 6);
    content += kind == 0 ? "" : kind == 1 ? std::string(roll.size(0, 60), '?') : line(n);
    content += roll.coin() ? "\n" : "\r\n";
  }
  if (!content.empty() && roll.coin())
    content.pop_back();
  return content;
}
std::string csv_line(int n) { return std::to_string(n) + ",t" + std::to_string(n); }
std::string json_line(int n) { return R"({"id":)" + std::to_string(n) + R"(,"text":"t"})"; }

template <class T>
void require_same(const support::reading<T>& got, const support::reading<T>& wanted) {
  REQUIRE((got.records == wanted.records));
  REQUIRE(got.letters == wanted.letters);
}

std::string error_of(const leat::result<void>& r) { return r ? "none" : r.error().what; }

// A split after a few records, and its position.
template <class Source>
auto position_after(const Source& source, std::size_t records) {
  auto splits = source.splits();
  (void)support::read_some<row>(splits.front(), 1, records);
  return splits.front().position();
}

} // namespace

TEST_CASE("a file is read on at any place as it is read at once") {
  const temporary_folder folder;
  support::for_seeds(300, [&](support::dice roll) {
    const std::size_t pulls = roll.size(1, 4), demand = roll.size(1, 6);
    const auto file = folder.write("a", "id,text\n" + any_lines(roll, csv_line));
    const csv rows{file, {.max_line = 40}};
    require_same(read_in_parts(rows, pulls, demand), read_all(rows));
    folder.write("a", any_lines(roll, json_line));
    const json_lines objects{file, {.max_line = 40}};
    require_same(read_in_parts(objects, pulls, demand), read_all(objects));
  });
}

TEST_CASE("a file that became shorter, empty or is gone cannot be read on") {
  const temporary_folder folder;
  const std::string content = "id,text\n1,a\n2,b\n3,c\n";
  const std::string file = folder.write("a.csv", content);
  const csv source{file};
  const auto here = position_after(source, 2);
  CHECK(here == leat::line_reader::place{16, 3});
  const auto error_now = [&] { return error_of(source.splits().front().seek(here)); };
  CHECK(error_now() == "none");
  folder.write("a.csv", content.substr(0, 15));
  CHECK(error_now() == '"' + file + "\" has only 15 bytes, but was read up to byte 16");
  folder.write("a.csv", "");
  CHECK(error_now() == '"' + file + "\" has only 0 bytes, but was read up to byte 16");
  folder.write("a.csv", "id,name\n1,a\n2,b\n3,c\n");
  CHECK(error_now().starts_with('"' + file + "\": "));
  std::filesystem::remove(file);
  CHECK(error_now().starts_with("cannot open \"" + file));

  auto unread = std::move(source.splits().front()); // nothing of it is needed yet
  CHECK(error_of(unread.seek({})) == "none");
}

TEST_CASE("files can be replayed, pipes and sockets cannot") {
  const temporary_folder folder;
  const std::string file = folder.write("a.csv", "id,text\n");
  const std::string pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(leat::is_replayable(csv{file}));
  CHECK_FALSE(leat::is_replayable(csv{pipe}));
  CHECK_FALSE(leat::is_replayable(csv{{file.c_str(), pipe.c_str()}}));
  CHECK(leat::is_replayable(csv{{file.c_str(), pipe.c_str()}}.splits().front()));
  CHECK_FALSE(leat::is_replayable(leat::csv_socket<row>{"tcp://localhost:1"}));
  CHECK(csv{file}.splits().front().name() == file);
}

TEST_CASE("generated records go on at their number") {
  const auto source = leat::generate([](std::uint64_t n) { return n * n; }, 10);
  auto first = source;
  (void)support::read_some<std::uint64_t>(first, 1, 4);
  CHECK(first.position() == 4);
  auto second = source;
  REQUIRE(second.seek(first.position()));
  CHECK(support::read_some<std::uint64_t>(second, 10, 4).records ==
        std::vector<std::uint64_t>{16, 25, 36, 49, 64, 81});
}

TEST_CASE("a watched folder goes on in its file, and reads no file again") {
  const temporary_folder folder;
  using watched = leat::watched_folder<csv>;
  const watched source{folder.path(), {.pattern = "*.csv", .until = "done"}};
  const auto ids = [](const support::reading<row>& got) {
    std::vector<std::int64_t> all;
    for (const row& r : got.records)
      all.push_back(r.id);
    return all;
  };
  const auto read_on = [&](const auto& here, std::size_t pulls) {
    auto splits = source.splits();
    REQUIRE(splits.front().seek(here));
    auto got = support::read_some<row>(splits.front(), pulls, 2);
    return std::pair{ids(got), splits.front().position()};
  };
  using wanted = std::vector<std::int64_t>;
  folder.write("a.csv", "id,text\n1,x\n2,x\n3,x\n");
  folder.write("b.csv", "id,text\n4,x\n");
  auto splits = source.splits();
  CHECK(ids(support::read_some<row>(splits.front(), 2, 2)) == wanted{1, 2});
  const auto in_a = splits.front().position();

  folder.write("c.csv", "id,text\n5,x\n"); // added meanwhile
  const auto [rest_of_a, behind_a] = read_on(in_a, 1);
  CHECK(rest_of_a == wanted{3});
  const auto [all, behind_all] = read_on(in_a, 5);
  CHECK(all == wanted{3, 4, 5});
  folder.write("done", "");
  CHECK(read_on(behind_a, 10).first == wanted{4, 5});
  CHECK(read_on(behind_all, 10).first == wanted{});

  folder.write("a.csv", "id,text\n");
  CHECK(error_of(source.splits().front().seek(in_a)).find("has only 8 bytes") != std::string::npos);
}
