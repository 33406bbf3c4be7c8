#include <leat/connectors/json_lines/sink.hpp>
#include <leat/connectors/json_lines/source.hpp>
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
  std::vector<double> weights;
  bool operator==(const word&) const = default;
  static constexpr auto fields =
      leat::fields("word", leat::field("id", &word::id), leat::field("text", &word::text),
                   leat::field("weights", &word::weights));
};
using sink = leat::json_lines_sink<word>;

} // namespace

TEST_CASE("a job copies JSON Lines from a source to a sink") {
  const temporary_folder folder;
  const std::string lines = R"({"id":1,"text":"caf)"
                            "\xC3\xA9"
                            R"(","weights":[0.5,1]})"
                            "\n"
                            R"({"id":-2,"text":"a\"b\n","weights":[]})"
                            "\n";
  const std::string from = folder.write("in.jsonl", lines);
  leat::graph g{"copy"};
  g.from("in", leat::json_lines_source<word>{from}).to("out", sink{folder / "out.jsonl"});
  REQUIRE(leat::run(std::move(g)));
  CHECK(content_of(folder / "out.jsonl") == lines);
  CHECK(folder.size() == 2);
}

TEST_CASE("without records a file of JSON Lines is empty") {
  const temporary_folder folder;
  leat::graph g{"copy"};
  g.from("in", leat::json_lines_source<word>{folder.write("in.jsonl", "")})
      .to("out", sink{folder / "out.jsonl"});
  REQUIRE(leat::run(std::move(g)));
  CHECK(std::filesystem::exists(folder / "out.jsonl"));
  CHECK(content_of(folder / "out.jsonl").empty());
}

TEST_CASE("a JSON Lines sink whose folder is missing is told before the first record") {
  const temporary_folder folder;
  const sink s{folder / "none/out.jsonl"};
  const auto checked = s.check();
  REQUIRE(!checked);
  CHECK(checked.error().what == "cannot write \"" + folder.path() +
                                    "/none/out.jsonl\": there is no folder \"" + folder.path() +
                                    "/none\"");
}

TEST_CASE("what a JSON Lines sink writes a JSON Lines source reads") {
  const temporary_folder folder;
  CHECK(rc::check([&] {
    std::vector<word> records;
    for (int i = 0, n = *rc::gen::inRange(0, 8); i < n; ++i)
      records.push_back({*rc::gen::arbitrary<std::int64_t>(),
                         *rc::gen::container<std::string>(
                             rc::gen::inRange<char>(0, 127)), // all of ASCII, and so valid UTF-8
                         *rc::gen::arbitrary<std::vector<double>>()});
    sink s{folder / "out.jsonl"};
    RC_ASSERT(static_cast<bool>(s.open({"out", 0, 1, nullptr})));
    RC_ASSERT(static_cast<bool>(s.write(std::span<const word>{records})));
    RC_ASSERT(s.commit(**s.prepare(1)));
    const auto got = support::read_all(leat::json_lines_source<word>{folder / "out.jsonl"});
    RC_ASSERT(got.letters.empty());
    RC_ASSERT(got.records == records);
  }));
}
