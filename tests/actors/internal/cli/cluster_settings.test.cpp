#include <leat/internal/cli/cluster_settings.hpp>

#include "support/files.hpp"

#include <cstdlib>
#include <optional>

using namespace leat;

namespace {

/// An environment variable with another value, or none, until the end of the test.
struct changed_variable {
  changed_variable(const char* which, const char* value) : name(which) {
    if (const char* const had = std::getenv(name))
      before = had;
    value ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~changed_variable() { before ? ::setenv(name, before->c_str(), 1) : ::unsetenv(name); }
  const char* name;
  std::optional<std::string> before;
};

template <class Settings>
Settings parsed_as(const std::vector<std::string>& arguments) {
  Settings s;
  option_set all;
  s.declare(all);
  const auto done = all.parse(arguments);
  INFO((done ? "" : done.error().what));
  REQUIRE(done);
  return s;
}

worker_settings worker(std::vector<std::string> more = {}) {
  more.insert(more.end(), {"--join", "head:7000", "--name", "a", "--certs", "c"});
  return parsed_as<worker_settings>(more);
}

coordinator_settings coordinator(const std::string& listen, const std::string& workers) {
  return parsed_as<coordinator_settings>(
      {"--listen", listen, "--workers", workers, "--certs", "c"});
}

template <class T>
std::string fault(const result<T>& r) {
  return r ? "" : r.error().what;
}

} // namespace

TEST_CASE("how long a coordinator waits for all workers after a loss") {
  coordinator_settings s = coordinator("head:7000", "2");
  REQUIRE(s.patience_after_loss());
  CHECK(!*s.patience_after_loss());
  s.fewer_after = "30s";
  CHECK(**s.patience_after_loss() == std::chrono::seconds{30});
  s.fewer_after = "0s";
  CHECK(fault(s.patience_after_loss()) == "--go-on-with-fewer: invalid duration \"0s\"");
}

TEST_CASE("a worker's settings are what its options say") {
  const auto usual = worker({"--cache", "here"}).settings();
  REQUIRE(usual);
  CHECK(usual->coordinator.text() == "head:7000");
  CHECK(usual->coordinator_node == "coordinator");
  CHECK(!usual->listen);
  CHECK(usual->slots == 1);
  CHECK(usual->labels.empty());
  CHECK(usual->cache == "here");
  CHECK(usual->cache_cap == std::uint64_t{16} << 30);
  CHECK(usual->patience == std::chrono::seconds{30});

  CHECK(worker({"--coordinator", "head"}).settings()->coordinator_node == "head");
  CHECK(fault(worker({"--coordinator", "?"}).settings()) ==
        "--coordinator: invalid node name \"?\"");

  const auto all =
      worker({"--slots", "1024", "--label", "x", "--label=y=z", "--listen", "[::]:0"}).settings();
  REQUIRE(all);
  CHECK(all->slots == 1024);
  CHECK(all->labels == std::vector<std::string>{"x", "y=z"});
  CHECK(all->listen->text() == "[::]:0");
  CHECK(worker({"--cache-cap", "3MB"}).settings()->cache_cap == 3'000'000);
  CHECK(fault(worker({"--cache-cap", "0"}).settings()) == "--cache-cap: invalid size \"0\"");
}

TEST_CASE("a worker's cache is in that of the user, by default") {
  const changed_variable home("HOME", "/home/u");
  {
    const changed_variable cache("XDG_CACHE_HOME", "/cache");
    CHECK(worker().settings()->cache == "/cache/leat");
  }
  {
    const changed_variable cache("XDG_CACHE_HOME", "");
    CHECK(worker().settings()->cache == "/home/u/.cache/leat");
  }
  const changed_variable cache("XDG_CACHE_HOME", nullptr);
  CHECK(worker().settings()->cache == "/home/u/.cache/leat");
  const changed_variable homeless("HOME", nullptr);
  CHECK(worker().settings()->cache == "leat-cache");
}

TEST_CASE("wrong settings of a worker name their option") {
  worker_settings s = worker();
  s.join = "head";
  CHECK(fault(s.settings()) == "--join: invalid address \"head\"");
  s.join = "head:0";
  CHECK(fault(s.settings()) == "--join: invalid address \"head:0\"");
  CHECK(fault(worker({"--listen", "7000"}).settings()) == "--listen: invalid address \"7000\"");
  CHECK(fault(worker({"--slots", "0"}).settings()) == "--slots: 0 is not between 1 and 1024");
  CHECK(fault(worker({"--slots", "4294967297"}).settings()) ==
        "--slots: 4294967297 is not between 1 and 1024");
  CHECK(fault(worker({"--label", ""}).settings()) == "--label: invalid label \"\"");
  CHECK(fault(worker({"--label", "a b"}).settings()) == "--label: invalid label \"a b\"");
  std::vector<std::string> many;
  for (int i = 0; i < 65; ++i)
    many.push_back("--label=x");
  CHECK(fault(worker(many).settings()) == "--label: 65 labels exceed the maximum of 64");
}

TEST_CASE("a coordinator's settings are what its options say") {
  CHECK(coordinator("0.0.0.0:0", "256").check());
  CHECK(coordinator("0.0.0.0:0", "256").name == "coordinator");
  CHECK(coordinator("0.0.0.0:0", "256").address()->text() == "0.0.0.0:0");
  CHECK(*coordinator("a:1", "1").file_bytes() == std::uint64_t{4} << 30);
  coordinator_settings limited = coordinator("a:1", "1");
  limited.file_limit = "1kB";
  CHECK(*limited.file_bytes() == 1000);
  limited.file_limit = "much";
  CHECK(fault(limited.file_bytes()) == "--file-limit: invalid size \"much\"");
  CHECK(fault(coordinator("a", "1").address()) == "--listen: invalid address \"a\"");
  CHECK(fault(coordinator("a:1", "0").check()) == "--workers: 0 is not between 1 and 256");
  CHECK(fault(coordinator("a:1", "257").check()) == "--workers: 257 is not between 1 and 256");
}

TEST_CASE("both say when a silent node is lost") {
  CHECK(*worker().silence() == std::chrono::seconds{2});
  CHECK(*worker({"--lost-after", "1500ms"}).silence() == std::chrono::milliseconds{1500});
  CHECK(fault(worker({"--lost-after", "999ms"}).silence()) ==
        "--lost-after: invalid duration \"999ms\"");
  CHECK(*coordinator("a:1", "1").silence() == std::chrono::seconds{2});
}

TEST_CASE("certificates are looked for under the node's name") {
  CHECK(fault(worker().load()).find("\"c/") != std::string::npos);
  worker_settings elsewhere = worker();
  elsewhere.name = "../x";
  CHECK(fault(elsewhere.load()) == "invalid node name \"../x\"");
}
