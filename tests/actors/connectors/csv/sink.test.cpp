#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/json_lines/sink.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/pulling.hpp"

#include <rapidcheck.h>

namespace {

using support::content_of;
using support::temporary_folder;

struct word {
  std::int64_t id = 0;
  std::string text;
  bool operator==(const word&) const = default;
  static constexpr auto fields =
      leat::fields("word", leat::field("id", &word::id), leat::field("text", &word::text));
};
using sink = leat::csv_sink<word>;

/// Gives words 0 to n - 1; at `fault` it fails instead.
struct words {
  using record_type = word;
  std::int64_t n = 0;
  std::int64_t fault = -1;
  std::int64_t next = 0;
  leat::pull_status pull(std::size_t demand, leat::emitter<word>& out) {
    for (; demand > 0 && next < n; --demand, ++next) {
      if (next == fault)
        throw leat::failure(leat::external_error("no more words"));
      out({next, "w" + std::to_string(next)});
    }
    return next < n ? leat::pull_status::more() : leat::pull_status::done();
  }
};

leat::result<leat::job_metrics> write_words(words source, const std::string& path,
                                            std::size_t subtasks = 1) {
  leat::graph g{"words"};
  g.from("words", source).to("out", sink{path}, {subtasks});
  return leat::run(std::move(g));
}

template <class Sink>
void put(Sink& s, std::vector<typename Sink::record_type> records) {
  CHECK(s.write(std::span<const typename Sink::record_type>{records}));
}

} // namespace

TEST_CASE("a CSV sink writes a header and a line for each record") {
  const temporary_folder folder;
  const std::string path = folder / "out.csv";
  REQUIRE(write_words({3}, path));
  CHECK(content_of(path) == "id,text\n0,w0\n1,w1\n2,w2\n");
  CHECK(folder.size() == 1);
  REQUIRE(write_words({1}, path)); // replaces
  CHECK(content_of(path) == "id,text\n0,w0\n");
}

TEST_CASE("without records a CSV file has a header, so that it can be read") {
  const temporary_folder folder;
  REQUIRE(write_words({0}, folder / "out.csv"));
  CHECK(content_of(folder / "out.csv") == "id,text\n");
}

TEST_CASE("a file is there when it is complete, and before that under another name") {
  const temporary_folder folder;
  const std::string path = folder / "out.csv";
  sink s{path};
  CHECK(s.check());
  CHECK(folder.size() == 0);
  CHECK(s.open({"out", 0, 1, nullptr}));
  put(s, {{1, "a"}});
  CHECK(s.flush());
  REQUIRE(folder.size() == 1);
  const auto partial = std::filesystem::directory_iterator { folder.path() } -> path().string();
  CHECK(partial.starts_with(path + ".partial-"));
  CHECK(content_of(partial) == "id,text\n1,a\n");
  put(s, {{2, "b"}});
  CHECK(s.commit(**s.prepare(1)));
  CHECK(folder.size() == 1);
  CHECK(content_of(path) == "id,text\n1,a\n2,b\n");
}

TEST_CASE("each of several subtasks writes a file of its own, with a header") {
  const temporary_folder folder;
  REQUIRE(write_words({1000}, folder / "out.csv", 3));
  CHECK(folder.size() == 3);
  for (const char* name : {"out-0.csv", "out-1.csv", "out-2.csv"})
    CHECK(content_of(folder / name).starts_with("id,text\n"));
  const auto all = support::read_all(leat::csv_source<word>{folder / "out-*.csv"});
  CHECK(all.letters.empty());
  REQUIRE(all.records.size() == 1000);
  std::vector<bool> seen(1000);
  for (const word& w : all.records)
    seen[static_cast<std::size_t>(w.id)] = true;
  CHECK(std::count(seen.begin(), seen.end(), true) == 1000);
}

TEST_CASE("a subtask's file is named before the extension") {
  const auto third = [](const std::string& path) { return leat::path_of_subtask(path, 2, 4); };
  CHECK(third("alerts.csv") == "alerts-2.csv");
  CHECK(third("a.b/alerts") == "a.b/alerts-2");
  CHECK(third("/x/.hidden") == "/x/.hidden-2");
  CHECK(third("a.csv.txt") == "a.csv-2.txt");
  CHECK(leat::path_of_subtask("alerts.csv", 0, 1) == "alerts.csv");
}

TEST_CASE("a job that fails leaves no file, and what was there stays") {
  const temporary_folder folder;
  const std::string path = folder.write("out.csv", "old");
  const auto done = write_words({1000, 500}, path);
  REQUIRE(!done);
  CHECK(done.error().what == "no more words");
  CHECK(folder.size() == 1);
  CHECK(content_of(path) == "old");
}

TEST_CASE("a file that cannot be is told before the first record") {
  const temporary_folder folder;
  const auto done = write_words({3}, folder / "none/out.csv");
  REQUIRE(!done);
  CHECK(done.error().what == "out: cannot write \"" + folder.path() +
                                 "/none/out.csv\": there is no folder \"" + folder.path() +
                                 "/none\"");
  CHECK(!write_words({3}, folder.path()));
}

TEST_CASE("a copy of a sink shares the path and no file") {
  const temporary_folder folder;
  sink first{folder / "out.csv"};
  CHECK(first.open({"out", 0, 2, nullptr}));
  put(first, {{1, "a"}});
  sink second{first};
  CHECK(second.open({"out", 1, 2, nullptr}));
  put(second, {{2, "b"}});
  CHECK(first.commit(**first.prepare(1)));
  CHECK(second.commit(**second.prepare(1)));
  CHECK(content_of(folder / "out-0.csv") == "id,text\n1,a\n");
  CHECK(content_of(folder / "out-1.csv") == "id,text\n2,b\n");
}

TEST_CASE("a scored record has its score and model beside its fields") {
  const temporary_folder folder;
  using scored = leat::scored<word>;
  const std::vector<scored> records{{{1, "a"}, 0.5f, leat::model_ref::intern({"m", "abc"})},
                                    {{2, "b"}, 1.0f, {}}};
  leat::csv_sink<scored> csv{folder / "out.csv"};
  leat::json_lines_sink<scored> json{folder / "out.jsonl"};
  CHECK(csv.open({"out", 0, 1, nullptr}));
  CHECK(json.open({"out", 0, 1, nullptr}));
  put(csv, records);
  put(json, records);
  CHECK(csv.commit(**csv.prepare(1)));
  CHECK(json.commit(**json.prepare(1)));
  CHECK(content_of(folder / "out.csv") ==
        "id,text,score,model,model_sha256\n1,a,0.5,m,abc\n2,b,1,,\n");
  CHECK(content_of(folder / "out.jsonl") ==
        R"({"id":1,"text":"a","score":0.5,"model":"m","model_sha256":"abc"})"
        "\n"
        R"({"id":2,"text":"b","score":1,"model":null,"model_sha256":null})"
        "\n");
}

TEST_CASE("what a CSV sink writes a CSV source reads") {
  const temporary_folder folder;
  CHECK(rc::check([&] {
    std::vector<word> records;
    for (int i = 0, n = *rc::gen::inRange(0, 8); i < n; ++i)
      records.push_back(
          {*rc::gen::arbitrary<std::int64_t>(),
           *rc::gen::container<std::string>(rc::gen::element('a', '"', ',', ' ', '\'', ';'))});
    sink s{folder / "out.csv"};
    RC_ASSERT(static_cast<bool>(s.open({"out", 0, 1, nullptr})));
    put(s, records);
    RC_ASSERT(s.commit(**s.prepare(1)));
    const auto got = support::read_all(leat::csv_source<word>{folder / "out.csv"});
    RC_ASSERT(got.letters.empty());
    RC_ASSERT(got.records == records);
  }));
}
