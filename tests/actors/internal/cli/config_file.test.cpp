#include <leat/internal/cli/config_file.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <fmt/format.h>
#include <unistd.h>

using namespace leat;

namespace {

/// "key=value,value @line:column", and the stage before it.
std::vector<std::string> read(const std::string& text) {
  const support::temporary_folder folder;
  const std::string path = folder.write("job.toml", text);
  const auto values = read_config(path);
  if (!values) {
    std::string what = to_string(values.error());
    for (std::size_t at = 0; (at = what.find(path)) != what.npos;)
      what.replace(at, path.size(), "job.toml");
    return {what};
  }
  std::vector<std::string> all;
  for (const config_value& v : *values)
    all.push_back(fmt::format("{}{}{}={}{} @{}", v.stage, v.stage.empty() ? "" : ".", v.key,
                              fmt::join(v.values, ","), v.is_bool ? "!" : "",
                              v.place.substr(path.size() + 1)));
  return all;
}

using list = std::vector<std::string>;

} // namespace

TEST_CASE("a configuration file gives its keys in the order of its lines") {
  CHECK(read("rate = 2.5\n"
             "input = [\"b\", \"a\"] # two\n"
             "parallelism = 4\n"
             "quiet = true\n"
             "[stage.pane]\n"
             "window = \"micro-batch:256,5ms\"\n"
             "[stage.\"all alerts\"]\n"
             "slow-sink = \"1ms\"\n") ==
        list{"rate=2.5 @1:1", "input=b,a @2:1", "parallelism=4 @3:1", "quiet=true! @4:1",
             "pane.window=micro-batch:256,5ms @6:1", "all alerts.slow-sink=1ms @8:1"});
  CHECK(read("").empty());
  CHECK(read("stage = \"not a table\"\n") == list{"stage=not a table @1:1"});
}

TEST_CASE("what is wrong with a configuration file is told with its place") {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {"rate = 1\nrate = 2\n", "job.toml:2:8: "},
           {"rate = \n", "job.toml:1:"},
           {"a = 1\n[run]\nb = 1\n", "job.toml:2:1: run must be a text, a number"},
           {"at = 2024-01-01\n", "job.toml:1:6: at must be a text, a number"},
           {"at = [[1]]\n", "job.toml:1:7: at must be a text, a number"},
           {"[stage.\"\"]\nwindow = \"batch\"\n", "job.toml:1:8: a stage without a name"},
           {"[stage]\npane = 1\n",
            "job.toml:2:1: stage.pane must be a table\n  hint: [stage.NAME]"}}) {
    INFO(text);
    const auto told = read(text);
    REQUIRE(told.size() == 1);
    CHECK(told.front().substr(0, expected.size()) == expected);
  }
  const auto missing = read_config("/no/such/file.toml");
  REQUIRE(!missing);
  CHECK(missing.error().what.starts_with("cannot open \"/no/such/file.toml\""));
  CHECK(!read_config("/"));
}

TEST_CASE("a configuration file may be a pipe, and has an end") {
  const auto endless = read_config("/dev/zero");
  REQUIRE(!endless);
  CHECK(endless.error().what == "\"/dev/zero\" exceeds the maximum of 1048576 bytes");
  CHECK(read(std::string(std::size_t{1} << 20, '\n')).empty());
  CHECK(read("\xEF\xBB\xBFrate = 2\r\n") == list{"rate=2 @1:1"});

  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "rate = 2\n", 9) == 9);
  ::close(ends[1]);
  const auto piped = read_config(fmt::format("/proc/self/fd/{}", ends[0]));
  ::close(ends[0]);
  REQUIRE(piped);
  CHECK(piped->size() == 1);
}
