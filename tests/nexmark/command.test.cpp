#include "nexmark/command.hpp"

#include "nexmark/queries.hpp"

#include "support/catch.hpp"
#include "support/program.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

using support::has;
using support::outcome;

namespace {

outcome nexmark_with(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "nexmark");
  std::vector<char*> argv;
  for (std::string& a : arguments)
    argv.push_back(a.data());
  support::memory_stream out, err;
  const int code =
      nexmark::command(static_cast<int>(argv.size()), argv.data(), out.get(), err.get());
  return {code, out.text(), err.text()};
}

} // namespace

TEST_CASE("nexmark prints what a query took, and writes it as JSON") {
  const support::scratch_folder here;
  const auto done = nexmark_with({"--query", "q2", "--events", "10000", "--json", "figures.json"});
  CHECK(done.err.empty());
  CHECK(done.code == leat::exit_done);
  CHECK(has(done.out, "query                q2\n"));
  CHECK(has(done.out, "events               10 000\n"));
  const auto json = nlohmann::json::parse(std::ifstream("figures.json"));
  CHECK(json.size() == 7);
  CHECK(json.at("query") == "q2");
  CHECK(json.at("events") == 10'000);
  CHECK(json.at("seconds") > 0);
  CHECK(json.at("cpu_seconds") > 0);
  CHECK(json.at("events_per_second") > 0);
  CHECK(json.at("events_per_core_second") > 0);
  CHECK(json.at("generator_cpu_seconds") >= 0);
}

TEST_CASE("nexmark runs with disorder, splits and parallelism") {
  const auto done =
      nexmark_with({"--query", "q3", "--events", "10000", "--rate", "1000", "--disorder", "4s",
                    "--splits", "2", "--parallelism", "2", "--workers", "2"});
  CHECK(done.err.empty());
  CHECK(done.code == leat::exit_done);
}

TEST_CASE("the help of nexmark names all queries") {
  const auto done = nexmark_with({"--help"});
  CHECK(done.code == leat::exit_done);
  CHECK(has(done.out, "--events N"));
  for (const auto& q : nexmark::queries())
    CHECK(has(done.out, "  " + std::string(q.name) + " "));
  for (const auto& m : nexmark::missing_queries())
    CHECK(has(done.out, std::string(m.reason)));
}

TEST_CASE("nexmark refuses what it cannot do") {
  const auto refused = [](std::vector<std::string> arguments, std::string_view because) {
    const auto done = nexmark_with(std::move(arguments));
    INFO(done.err);
    CHECK(done.code == leat::exit_refused);
    CHECK(done.err.starts_with("nexmark: error: "));
    CHECK(has(done.err, because));
    CHECK(done.out.empty());
  };
  refused({}, "--query");
  refused({"--query", "q99"}, "unknown query \"q99\"");
  refused({"--query", "q99"}, "hint: queries are q0, ");
  refused({"--query", "q10"}, "query q10 is left out: it writes files");
  refused({"--query", "q0", "--event", "5"}, "--events");
  refused({"--query", "q0", "--rate", "0"}, "the rate must be at least 1");
  refused({"--query", "q0", "--disorder", "4"}, "invalid duration \"4\"");
}

TEST_CASE("nexmark fails if it cannot write its figures") {
  const auto done =
      nexmark_with({"--query", "q0", "--events", "1000", "--json", "/nowhere/figures.json"});
  CHECK(done.code == leat::exit_failed);
  CHECK(has(done.err, "cannot write \"/nowhere/figures.json\""));
}
