#include <leat/connectors/console/print.hpp>
#include <leat/job.hpp>
#include <leat/model.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <memory>

namespace {

struct word {
  std::int64_t id = 0;
  std::string text;
  static constexpr auto fields =
      leat::fields("word", leat::field("id", &word::id), leat::field("text", &word::text));
};

struct words {
  using record_type = word;
  std::int64_t end = 0;
  std::int64_t next = 0;
  leat::pull_status pull(std::size_t demand, leat::emitter<word>& out) {
    for (; demand > 0 && next < end; --demand, ++next)
      out({next, "w"});
    return next < end ? leat::pull_status::more() : leat::pull_status::done();
  }
};

using stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

} // namespace

TEST_CASE("records are printed as lines of JSON behind a prefix") {
  const support::temporary_folder folder;
  {
    const stream to{std::fopen((folder / "out").c_str(), "w"), &std::fclose};
    leat::graph g{"words"};
    auto source = g.from("words", words{2});
    source.to("plain", leat::print_sink{{}, to.get()}, {1});
    REQUIRE(leat::run(std::move(g)));
    leat::print_sink prefixed{"alert ", to.get()};
    const std::vector<leat::scored<word>> scored{{{7, "x"}, 0.5f, {}}};
    CHECK(prefixed.write(std::span<const leat::scored<word>>{scored}));
    CHECK(prefixed.flush());
    CHECK(support::content_of(folder / "out") ==
          "{\"id\":0,\"text\":\"w\"}\n"
          "{\"id\":1,\"text\":\"w\"}\n"
          "alert {\"id\":7,\"text\":\"x\",\"score\":0.5,\"model\":null,\"model_sha256\":null}\n");
  }
}

TEST_CASE("lines of several subtasks stay whole") {
  const support::temporary_folder folder;
  const stream to{std::fopen((folder / "out").c_str(), "w"), &std::fclose};
  leat::graph g{"words"};
  g.from("words", words{5000}).to("print", leat::print_sink{"> ", to.get()}, {4});
  leat::run_options options;
  options.workers = 4;
  REQUIRE(leat::run(std::move(g), options));
  std::ifstream in{folder / "out"};
  std::size_t lines = 0;
  for (std::string line; std::getline(in, line); ++lines)
    if (!line.starts_with("> {\"id\":") || !line.ends_with("\"w\"}"))
      FAIL(line);
  CHECK(lines == 5000);
}

TEST_CASE("output that nobody can take fails the job") {
  const stream to{std::fopen("/dev/full", "w"), &std::fclose};
  REQUIRE(to);
  leat::graph g{"words"};
  g.from("words", words{5}).to("print", leat::print_sink{{}, to.get()});
  const auto done = leat::run(std::move(g));
  REQUIRE(!done);
  CHECK(done.error().what == "cannot print: No space left on device");
  CHECK(done.error().domain == leat::error_domain::external);
}
