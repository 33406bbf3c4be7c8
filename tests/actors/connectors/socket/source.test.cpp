#include <leat/connectors/memory/collect.hpp>
#include <leat/connectors/socket/source.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/letters.hpp"
#include "support/line_server.hpp"

#include <thread>

using namespace std::chrono_literals;

namespace {

struct tick {
  std::int64_t id = 0;
  static constexpr auto fields = leat::fields("tick", leat::field("id", &tick::id));
};
using ids = std::vector<std::int64_t>;

struct outcome {
  ids read;
  std::vector<leat::dead_letter> letters;
  std::optional<leat::error> error;
};

/// Runs a job that writes down what it reads.
template <class Source>
outcome read(Source source) {
  support::kept_letters dead_letters;
  leat::collect<tick> all;
  leat::graph g{"ticks"};
  g.from("in", std::move(source)).to("all", all);
  leat::run_options options;
  options.dead_letters = &dead_letters;
  outcome got;
  if (const auto done = leat::run(std::move(g), options); !done)
    got.error = done.error();
  for (const tick& t : all.records())
    got.read.push_back(t.id);
  got.letters = dead_letters.letters;
  return got;
}

std::string json(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i)
    text += "{\"id\":" + std::to_string(i) + "}\n";
  return text;
}

ids numbers(int from, int to) {
  ids all;
  for (int i = from; i < to; ++i)
    all.push_back(i);
  return all;
}

constexpr leat::socket_options once{.reconnect = false};

} // namespace

TEST_CASE("a job reads what a server sends, until it closes, over TCP and Unix sockets") {
  const support::temporary_folder folder;
  const auto check = [](support::line_server& server) {
    std::thread feed{[&] {
      auto to = server.accept();
      to.send(json(0, 50'000));
    }};
    const auto got = read(leat::json_lines_socket<tick>{server.address(), once});
    feed.join();
    CHECK(!got.error);
    CHECK(got.letters.empty());
    CHECK(got.read == numbers(0, 50'000));
  };
  support::line_server tcp;
  check(tcp);
  support::line_server local{folder / "socket"};
  check(local);
}

TEST_CASE("each connection begins with a header of its own in CSV; a job connects again") {
  support::line_server server;
  std::thread feed{[&] {
    server.accept().send("mor"); // a header that was cut off is no other header
    for (int i = 0; i < 3; ++i) {
      auto to = server.accept();
      to.send("more,id\r\nx," + std::to_string(i) + "\r\n");
    }
    server.accept().send("number\n"); // a server that speaks of something else ends it
  }};
  const auto got = read(leat::csv_socket<tick>{server.address(), {.first_wait = 1ms}});
  feed.join();
  CHECK(got.read == ids{0, 1, 2});
  REQUIRE(got.error);
  CHECK(got.error->stage == "in");
  CHECK(got.error->what ==
        "\"" + server.address() + "\": the header has no column \"id\", only \"number\"");
}

TEST_CASE("a line that is none, one that is too long and one that is cut off are dead letters") {
  support::line_server server;
  std::thread feed{[&] {
    auto to = server.accept();
    to.send(json(0, 1) + "oops\n\n" + std::string(2000, 'x') + "\n" + json(1, 2) + "{\"id\":7");
    to.close();
  }};
  const auto got =
      read(leat::json_lines_socket<tick>{server.address(), {.max_line = 1000, .reconnect = false}});
  feed.join();
  CHECK(got.read == ids{0, 1});
  REQUIRE(got.letters.size() == 3);
  CHECK(got.letters[0].place == server.address() + ", line 2");
  CHECK(got.letters[0].raw == "oops");
  CHECK(got.letters[1].reason.starts_with("a line of 2000 bytes exceeds the maximum of 1000"));
  CHECK(got.letters[2].reason == "the connection ended within it");
  CHECK(got.letters[2].raw == "{\"id\":7");
}

TEST_CASE("a connection that is reset loses nothing silently, and is made again") {
  support::line_server server;
  std::thread feed{[&] {
    {
      auto to = server.accept();
      to.send(json(0, 3));
      to.reset();
    }
    auto to = server.accept();
    to.send(json(3, 6) + "stop\n");
    to.wait_for_end();
  }};
  // A reset may overtake what was sent before it, so only the second connection is sure.
  struct until_five {
    ids* to;
    leat::write_status write(std::span<const tick> ticks) {
      for (const tick& t : ticks)
        to->push_back(t.id);
      return to->empty() || to->back() < 5 ? leat::write_status::more : leat::write_status::enough;
    }
  };
  support::kept_letters dead_letters;
  ids got;
  leat::graph g{"ticks"};
  g.from("in", leat::json_lines_socket<tick>{server.address(), {.first_wait = 1ms}})
      .to("some", until_five{&got});
  leat::run_options options;
  options.dead_letters = &dead_letters;
  REQUIRE(leat::run(std::move(g), options));
  feed.join();
  REQUIRE(got.size() >= 3);
  CHECK(ids(got.end() - 3, got.end()) == ids{3, 4, 5});
}

TEST_CASE("a server that is not there fails the job after so many attempts") {
  std::string address;
  {
    support::line_server gone;
    address = gone.address();
  }
  const auto got = read(leat::json_lines_socket<tick>{
      address, {.first_wait = 1ms, .longest_wait = 1ms, .attempts = 3}});
  REQUIRE(got.error);
  CHECK(got.error->stage == "in");
  CHECK(got.error->what == "no lines from " + address + " in 3 attempts: Connection refused");
}

TEST_CASE("while nobody takes records the socket is not read, and the server feels it") {
  support::line_server server;
  support::kept_letters dead_letters;
  auto split = std::move(
      leat::json_lines_socket<tick>{server.address(), {.reconnect = false}}.splits().front());
  leat::emitter<tick> out{leat::fanout{}};
  out.open_for_reader({100}, "in", &dead_letters);
  bool more = false;
  std::thread first{[&] { more = split.pull(10, out).is_more(); }};
  auto to = server.accept();
  const std::string text = json(0, 4000);
  std::size_t sent = 0;
  std::string all;
  // The system's buffers and the line reader's take some megabytes, and then nothing more.
  const std::size_t most = std::size_t{256} << 20;
  for (int refused = 0; refused < 20 && sent < most;) {
    const std::size_t now = to.send_some(std::string_view{text}.substr(sent % text.size()));
    sent += now;
    refused = now == 0 ? refused + 1 : 0;
    if (now == 0)
      std::this_thread::sleep_for(5ms); // what could still move must have moved
  }
  CHECK(sent < most);
  first.join();
  CHECK(more);
  const auto& records = out.records();
  CHECK(records.size() <= 10);
  CHECK(records.front().id == 0);
  // Taking makes room: more can be sent.
  std::thread taker{[&] {
    while (!split.pull(100, out).is_done())
      out.clear();
  }};
  CHECK(to.send(std::string_view{text}.substr(sent % text.size())));
  to.close();
  taker.join();
  CHECK(dead_letters.letters.empty());
}

TEST_CASE("a job that is stopped does not wait for a silent server") {
  support::line_server server;
  leat::collect<tick> all;
  leat::graph g{"ticks"};
  g.from("in", leat::json_lines_socket<tick>{server.address()}).to("all", all);
  auto job = leat::job::start(std::move(g));
  REQUIRE(job);
  auto to = server.accept();
  to.send(json(0, 1));
  job->stop();
  CHECK(job->wait());
  to.wait_for_end();
}

TEST_CASE("an address that is none is told before the job starts") {
  const auto checked = leat::json_lines_socket<tick>{"feed:9000"}.check();
  REQUIRE(!checked);
  CHECK(!leat::json_lines_socket<tick>{"tcp://feed:1", {.first_wait = 0ns}}.check());
  CHECK(leat::json_lines_socket<tick>{"tcp://feed:1"}.check());
}

TEST_CASE("a Unix socket is a path of this host, a server is not") {
  CHECK(leat::json_lines_socket<tick>{"tcp://feed:1"}.inputs().empty());
  CHECK(leat::json_lines_socket<tick>{"unix:/run/feed"}.inputs().front().path == "/run/feed");
}
