#include <leat/connectors/socket/line_connection.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/line_server.hpp"

#include <thread>

using namespace std::chrono_literals;

namespace {

const auto nobody = [](const std::string&) {};

leat::socket_address address(const std::string& text) {
  const auto parsed = leat::socket_address::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

std::string line_of(leat::line_reader& from) {
  std::string_view line;
  REQUIRE(from.next(line) == leat::line_reader::status::line);
  return std::string{line};
}

} // namespace

TEST_CASE("addresses of servers are read, or refused") {
  CHECK(address("tcp://feed.example:9000").host == "feed.example");
  CHECK(address("tcp://feed.example:9000").port == "9000");
  CHECK(address("tcp://[::1]:80").host == "::1");
  CHECK(address("unix:/run/feed").path == "/run/feed");
  for (const std::string wrong :
       {"", "feed", "feed:9000", "tcp://feed", "tcp://:9000", "tcp://feed:", "tcp://feed:x",
        "tcp://feed:65536", "tcp://feed:123456", "tcp://::1:80", "unix:", "http://feed:80"}) {
    INFO(wrong);
    CHECK(!leat::socket_address::parse(wrong));
  }
  CHECK(!leat::socket_address::parse("unix:" + std::string(200, 'x')));
  CHECK(leat::socket_address::parse("feed").error().what ==
        "\"feed\" is not a valid address of a server");
}

TEST_CASE("a connection that ended is made again, over TCP and Unix sockets") {
  const support::temporary_folder folder;
  const auto check = [](support::line_server& server) {
    leat::line_connection to{address(server.address()), {.first_wait = 1ms}};
    for (const std::string line : {"first", "second"}) {
      leat::line_reader* lines = to.connect(nobody);
      REQUIRE(lines);
      auto peer = server.accept();
      REQUIRE(peer.send(line + "\n"));
      CHECK(line_of(*lines) == line);
      to.broke("the test wants it");
      peer.wait_for_end();
    }
  };
  support::line_server tcp;
  check(tcp);
  support::line_server local{folder / "socket"};
  check(local);
}

TEST_CASE("so many failures in a row are told with the last reason") {
  const support::temporary_folder folder;
  leat::line_connection to{address("unix:" + (folder / "none")),
                           {.first_wait = 1ms, .longest_wait = 2ms, .attempts = 5}};
  try {
    to.connect(nobody);
    FAIL("there is no server");
  } catch (const leat::failure& f) {
    CHECK(f.error().what ==
          "no lines from unix:" + (folder / "none") + " in 5 attempts: No such file or directory");
    CHECK(f.error().domain == leat::error_domain::external);
    CHECK(f.error().retry);
  }
}

TEST_CASE("a line makes failures forgotten") {
  support::line_server server;
  leat::line_connection to{address(server.address()), {.first_wait = 1ms, .attempts = 2}};
  for (int i = 0; i < 5; ++i) {
    REQUIRE(to.connect(nobody));
    to.works();
    to.broke("again");
  }
  REQUIRE(to.connect(nobody));
  CHECK_THROWS_AS(to.broke("once more"), leat::failure);
}

TEST_CASE("a cancelled connection ends its reads and its waits, and connects no more") {
  support::line_server server;
  leat::line_connection reading{address(server.address()), {}};
  leat::line_reader* lines = reading.connect(nobody);
  REQUIRE(lines);
  std::thread canceller{[&] { reading.cancel(); }};
  std::string_view line;
  CHECK(lines->next(line) == leat::line_reader::status::end);
  canceller.join();
  reading.broke("cancelled");
  CHECK(!reading.connect(nobody));

  leat::line_connection waiting{address("unix:/none/none"), {.first_wait = 1h, .longest_wait = 1h}};
  std::thread other{[&] { waiting.cancel(); }};
  CHECK(!waiting.connect(nobody));
  other.join();
}
