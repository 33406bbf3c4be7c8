#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/files/watched_folder.hpp>
#include <leat/connectors/json_lines/source.hpp>
#include <leat/connectors/memory/collect.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/files.hpp"
#include "support/flow.hpp"
#include "support/letters.hpp"

#include <algorithm>
#include <set>
#include <thread>

using support::temporary_folder;
using namespace std::chrono_literals;

namespace {

struct row {
  std::int64_t id = 0;
  static constexpr auto fields = leat::fields("row", leat::field("id", &row::id));
};
using csv_folder = leat::watched_folder<leat::csv_source<row>>;

/// A folder in the hands of a test.
template <class Source = leat::csv_source<row>>
struct watching {
  support::kept_letters dead_letters;
  leat::emitter<row> out{leat::fanout{}};
  leat::folder_split<Source> split;

  explicit watching(const leat::watched_folder<Source>& folder)
      : split(std::move(folder.splits().front())) {
    out.open_for_reader({100}, "in", &dead_letters);
  }
  /// Pulls until there is nothing for now; true if the stream has ended.
  bool look() {
    for (;;)
      if (const auto answer = split.pull(100, out); !answer.is_more())
        return answer.is_done();
  }
  std::vector<std::int64_t> take() {
    std::vector<std::int64_t> ids;
    for (const row& r : out.records())
      ids.push_back(r.id);
    out.clear();
    return ids;
  }
};
using ids = std::vector<std::int64_t>;

void append(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::app} << text;
}

} // namespace

TEST_CASE("files are read once, when they stayed the same from look to look, in order of names") {
  const temporary_folder folder;
  watching<> in{csv_folder{folder.path(), {.pattern = "*.csv"}}};
  CHECK(!in.look());
  folder.write("b.csv", "id\n2\n");
  folder.write("a.csv", "id\n1\n");
  folder.write("c.txt", "id\n3\n");
  folder.write(".hidden.csv", "id\n4\n");
  CHECK(!in.look());
  CHECK(in.take().empty());
  CHECK(!in.look());
  CHECK(in.take() == ids{1, 2});
  for (int i = 0; i < 3; ++i)
    CHECK(!in.look());
  CHECK(in.take().empty());
  folder.write("0.csv", "id\n5\n");
  in.look(), in.look();
  CHECK(in.take() == ids{5});
  CHECK(in.dead_letters.letters.empty());
}

TEST_CASE("a file is not read while it grows") {
  const temporary_folder folder;
  watching<> in{csv_folder{folder.path()}};
  const std::string path = folder.write("a.csv", "id\n1");
  for (const char* piece : {"2", "\n3", "4\n", "5"}) {
    CHECK(!in.look());
    CHECK(in.take().empty());
    append(path, piece);
  }
  append(path, "\n");
  in.look(), in.look();
  CHECK(in.take() == ids{12, 34, 5});
  CHECK(in.dead_letters.letters.empty());
}

TEST_CASE("a file that changes after it was read is a dead letter; one that was replaced after it "
          "had gone is new") {
  const temporary_folder folder;
  watching<> in{csv_folder{folder.path()}};
  const std::string path = folder.write("a.csv", "id\n1\n");
  in.look(), in.look();
  CHECK(in.take() == ids{1});
  append(path, "2\n");
  in.look(), in.look();
  CHECK(in.take().empty());
  REQUIRE(in.dead_letters.letters.size() == 1);
  CHECK(in.dead_letters.letters[0].place == path);
  CHECK(in.dead_letters.letters[0].reason.starts_with("the file changed after it was found whole"));
  std::filesystem::remove(path);
  in.look();
  folder.write("a.csv", "id\n3\n");
  in.look(), in.look();
  CHECK(in.take() == ids{3});
}

TEST_CASE("a file without a header is a dead letter, and the others are read") {
  const temporary_folder folder;
  watching<> in{csv_folder{folder.path()}};
  folder.write("a.csv", "number\n1\n");
  folder.write("b.csv", "id\nx\n2\n");
  folder.write("c.csv", "");
  in.look(), in.look();
  CHECK(in.take() == ids{2});
  REQUIRE(in.dead_letters.letters.size() == 2);
  CHECK(in.dead_letters.letters[0].place == folder / "a.csv");
  CHECK(in.dead_letters.letters[0].reason ==
        "\"" + (folder / "a.csv") + "\": the header has no column \"id\", only \"number\"");
  CHECK(in.dead_letters.letters[1].place == (folder / "b.csv") + ":2");
}

TEST_CASE("the closing file ends the stream once all others are read, at once") {
  const temporary_folder folder;
  watching<leat::json_lines_source<row>> in{leat::watched_folder<leat::json_lines_source<row>>{
      folder.path(), {.pattern = "*", .until = "_DONE"}}};
  CHECK(!in.look());
  folder.write("1.jsonl", "{\"id\":1}\n");
  folder.write("_DONE", "");
  CHECK(in.look());
  CHECK(in.take() == ids{1});
  CHECK(in.look());
}

TEST_CASE("a folder that is missing or unreadable is told") {
  const temporary_folder folder;
  const auto missing = csv_folder{folder / "none"}.check();
  REQUIRE(!missing);
  CHECK(missing.error().what ==
        "cannot open \"" + (folder / "none") + "\": No such file or directory");
  CHECK(!csv_folder{folder.path(), {.every = 0s}}.check());
  CHECK(csv_folder{folder.path()}.check());
  CHECK(csv_folder{folder.path()}.inputs().front().path == folder.path());
  std::filesystem::create_directory(folder / "gone");
  watching<> in{csv_folder{folder / "gone"}};
  CHECK(!in.look());
  std::filesystem::remove(folder / "gone");
  CHECK_THROWS_AS(in.look(), leat::failure);
}

TEST_CASE("whatever comes and when, each line of each file is read once and whole") {
  support::for_seeds(60, [](support::dice dice) {
    const temporary_folder folder;
    watching<> in{csv_folder{folder.path()}};
    std::map<std::string, std::string> writing; // what is still to be written, by path
    std::set<std::int64_t> wanted;
    std::int64_t next = 0;
    ids got;
    const auto look = [&] {
      in.look();
      const ids more = in.take();
      got.insert(got.end(), more.begin(), more.end());
    };
    for (int step = 0; step < 60; ++step) {
      if (dice(0, 4) == 0) {
        const std::string path = folder / std::to_string(dice(0, 1'000'000));
        if (std::filesystem::exists(path))
          continue;
        std::string text;
        for (int lines = dice(0, 5); lines > 0; --lines)
          wanted.insert(++next), text += std::to_string(next) + "\n";
        std::ofstream{path} << "id\n";
        if (!text.empty())
          writing[path] = text;
      }
      for (auto it = writing.begin(); it != writing.end();) { // all grow between two looks
        const std::size_t size = dice.size(1, it->second.size() + 1);
        append(it->first, it->second.substr(0, size));
        it->second.erase(0, size);
        it = it->second.empty() ? writing.erase(it) : std::next(it);
      }
      look();
    }
    for (const auto& [path, text] : writing)
      append(path, text);
    look(), look();
    std::sort(got.begin(), got.end());
    CHECK(got == ids(wanted.begin(), wanted.end()));
    CHECK(in.dead_letters.letters.empty());
  });
}

TEST_CASE("a job reads a folder that is filled while it runs, until it is closed") {
  const temporary_folder folder;
  leat::collect<row> all;
  leat::graph g{"folder"};
  g.from("in", csv_folder{folder.path(), {.pattern = "*.csv", .every = 1ms, .until = "_DONE"}})
      .to("all", all);
  std::thread writer{[&] {
    for (int n = 0; n < 20; ++n) {
      const std::string path = folder.write(std::to_string(n), "id\n" + std::to_string(n) + "\n");
      std::filesystem::rename(path, path + ".csv");
    }
    folder.write("_DONE", "");
  }};
  REQUIRE(leat::run(std::move(g)));
  writer.join();
  std::set<std::int64_t> read;
  for (const row& r : all.records())
    read.insert(r.id);
  CHECK(read.size() == 20);
  CHECK(all.records().size() == 20);
}
