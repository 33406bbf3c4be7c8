#include <leat/connectors/json_lines/source.hpp>
#include <leat/connectors/memory/collect.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/pulling.hpp"

#include <rapidcheck.h>

#include <csignal>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using support::read_all;
using support::temporary_folder;
using list = std::vector<std::string>;

struct reading {
  std::int64_t id = 0;
  std::optional<double> value;
  std::vector<std::string> tags;
  static constexpr auto fields =
      leat::fields("reading", leat::field("id", &reading::id),
                   leat::field("value", &reading::value), leat::field("tags", &reading::tags));
};
using readings = leat::json_lines_source<reading>;

constexpr std::string_view good = R"({"id":1,"value":2.5,"tags":["a"]})"
                                  "\n";

} // namespace

TEST_CASE("a JSON Lines file gives its records") {
  const temporary_folder folder;
  const readings source{folder.write("a.jsonl",
                                     "\xEF\xBB\xBF{\"id\":1,\"value\":2.5,\"tags\":[]}\r\n"
                                     "\n\r\n"
                                     "{ \"more\":{}, \"tags\":[\"\\u00e9\"], \"id\":2 }")};
  CHECK(source.check());
  for (const std::size_t demand : {1, 2, 100}) {
    const auto got = read_all(source, demand);
    CHECK(got.letters == list{});
    REQUIRE(got.records.size() == 2);
    CHECK(got.records[0].value == 2.5);
    CHECK(got.records[1].id == 2);
    CHECK(!got.records[1].value);
    CHECK(got.records[1].tags == list{"\xC3\xA9"});
  }
}

TEST_CASE("an empty JSON Lines file has no records") {
  const temporary_folder folder;
  for (const std::string content : {"", "\n", "\xEF\xBB\xBF", "\r\n\r\n"}) {
    const readings source{folder.write("a.jsonl", content)};
    CHECK(source.check());
    const auto got = read_all(source);
    CHECK(got.records.empty());
    CHECK(got.letters == list{});
  }
}

TEST_CASE("each kind of malformed line of JSON is a dead letter with its place and reason") {
  const temporary_folder folder;
  const std::string at = folder / "a.jsonl:";
  const auto letter = [&](const std::string& line, const std::string& end = "\n") {
    const auto got = read_all(readings{folder.write("a.jsonl", std::string{good} + line + end)});
    CHECK(got.records.size() == 1);
    REQUIRE(got.letters.size() == 1);
    CHECK(got.letters[0].ends_with(" <" + line + ">"));
    return got.letters[0].substr(0, got.letters[0].size() - line.size() - 3);
  };
  CHECK(letter("id,value").starts_with(at + "2: "));
  CHECK(letter(R"({"value":1,"tags":[]})") == at + "2: field \"id\": missing");
  CHECK(letter(R"({"id":1,"id":2,"tags":[]})") == at + "2: field \"id\": given twice");
  CHECK(letter(R"({"id":"1","tags":[]})").starts_with(at + "2: field \"id\": found a string"));
  CHECK(letter(R"({"id":1.5,"tags":[]})") == at + "2: field \"id\": \"1.5\" is not a whole number");
  CHECK(letter(R"({"id":99999999999999999999,"tags":[]})") ==
        at + "2: field \"id\": 99999999999999999999 does not fit in int64");
  CHECK(letter("{\"id\":1,\"tags\":[\"\xE9\"]}") == at + "2: byte 18 is not UTF-8");
  CHECK(letter(R"({"id":1,"tags":[]} {})").starts_with(at + "2: "));
  CHECK(letter(R"({"id":1,"ta)", "")
            .ends_with("; it is the file's last line and has no line end: the file looks "
                       "truncated"));
}

TEST_CASE("a line of JSON over the limit is a dead letter, and the next one is read") {
  const temporary_folder folder;
  const std::string path =
      folder.write("a.jsonl", std::string(3'000'000, '[') + "\n" + std::string{good});
  support::kept_letters dead_letters;
  leat::collect<reading> all;
  leat::graph g{"readings"};
  g.from("readings", readings{path}).to("all", all);
  leat::run_options options;
  options.dead_letters = &dead_letters;
  REQUIRE(leat::run(std::move(g), options));
  CHECK(all.records().size() == 1);
  REQUIRE(dead_letters.letters.size() == 1);
  CHECK(dead_letters.letters[0].stage == "readings");
  CHECK(dead_letters.letters[0].place == path + ":1");
  CHECK(dead_letters.letters[0].reason ==
        "a line of 3000000 bytes exceeds the maximum of 1048576; the first 4096 "
        "of its 3000000 bytes are kept");
  CHECK(dead_letters.letters[0].raw == std::string(4096, '['));
}

TEST_CASE("without a place for dead letters a malformed line fails the job, by file and line") {
  const temporary_folder folder;
  const std::string path = folder.write("a.jsonl", std::string{good} + "oops\n");
  leat::graph g{"readings"};
  g.from("readings", readings{path}).to("all", leat::collect<reading>{});
  const auto done = leat::run(std::move(g));
  REQUIRE(!done);
  CHECK(done.error().what.starts_with(path + ":2: "));
  CHECK(done.error().stage == "readings");
}

TEST_CASE("a file that cannot be read fails the job and is named") {
  leat::collect<reading> all;
  leat::graph g{"readings"};
  g.from("readings", readings{"/proc/self/mem"}).to("all", all);
  const auto done = leat::run(std::move(g));
  REQUIRE(!done);
  CHECK(done.error().what == "cannot read \"/proc/self/mem\" after line 0: Input/output error");
  CHECK(done.error().domain == leat::error_domain::external);
  CHECK(done.error().stage == "readings");
}

TEST_CASE("a read error in the middle of a file is thrown and names the file") {
  // The memory map of a process can be read only while the process lives.
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const std::string path = "/proc/" + std::to_string(child) + "/maps";
  support::kept_letters dead_letters;
  auto split = std::move(readings{path}.splits().front());
  leat::emitter<reading> out{leat::fanout{}};
  out.open_for_reader({1}, "read", &dead_letters);
  CHECK(split.pull(1, out).is_more());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  try {
    (void)split.pull(1'000'000, out);
    FAIL("the file should have become unreadable");
  } catch (const leat::failure& f) {
    CHECK(f.error().what.starts_with("cannot read \"" + path + "\" after line "));
    CHECK(f.error().domain == leat::error_domain::external);
    CHECK(dead_letters.letters.size() > 1);
  }
}

TEST_CASE("any bytes are records of JSON, dead letters or empty lines") {
  const temporary_folder folder;
  CHECK(rc::check([&] {
    const auto pieces = *rc::gen::container<list>(rc::gen::oneOf(
        rc::gen::element<std::string>("\n", "\r\n", "{", "}", "[", "\"id\":", "\"", "\\u", "1e9",
                                      "\xFF", std::string(1, '\0'), std::string{good}),
        rc::gen::container<std::string>(rc::gen::arbitrary<char>())));
    std::string content;
    for (const std::string& piece : pieces)
      content += piece;
    if (content.starts_with("\xEF\xBB\xBF"))
      content.erase(0, 3);
    std::size_t lines = 0;
    for (std::size_t at = 0; at < content.size();) {
      const std::size_t end = std::min(content.find('\n', at), content.size());
      const std::string line = content.substr(at, end - at);
      lines += line.empty() || line == "\r" ? 0 : 1;
      at = end + 1;
    }
    const auto got = read_all(readings{folder.write("a.jsonl", content)});
    RC_ASSERT(got.records.size() + got.letters.size() == lines);
  }));
}
