#include <leat/connectors/http/sink.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/epochs.hpp"
#include "support/files.hpp"
#include "support/letters.hpp"
#include "support/line_server.hpp"

#include <csignal>
#include <functional>
#include <httplib.h>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

using namespace std::chrono_literals;

namespace {

struct alert {
  std::int64_t id = 0;
  static constexpr auto fields = leat::fields("alert", leat::field("id", &alert::id));
};
using alert_sink = leat::http_sink<alert>;

struct posted {
  std::string path, body, type, key, token;
};

/// A real server that keeps what it is sent, and answers as it is told.
class server {
public:
  using answer = std::function<void(const posted&, httplib::Response&)>;

  explicit server(answer how = [](const posted&, httplib::Response&) {}) {
    http_.Post(".*", [this, how = std::move(how)](const httplib::Request& request,
                                                  httplib::Response& response) {
      const posted p{request.path, request.body, request.get_header_value("Content-Type"),
                     request.get_header_value("Idempotency-Key"),
                     request.get_header_value("Authorization")};
      const std::lock_guard lock(mutex_);
      all_.push_back(p);
      how(p, response);
    });
    port_ = http_.bind_to_any_port("127.0.0.1");
    listens_ = std::thread{[this] { http_.listen_after_bind(); }};
    while (!http_.is_running()) // nothing tells when it does
      std::this_thread::yield();
  }
  ~server() {
    http_.stop();
    listens_.join();
  }

  std::string url(const std::string& path = "/alerts") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<posted> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

private:
  httplib::Server http_;
  int port_ = 0;
  std::thread listens_;
  mutable std::mutex mutex_;
  std::vector<posted> all_;
};

auto numbered = [](std::uint64_t n) { return alert{static_cast<std::int64_t>(n)}; };

struct outcome {
  std::optional<leat::error> error;
  std::vector<leat::dead_letter> letters;
};

outcome run(alert_sink sink_of_job, std::uint64_t count) {
  support::kept_letters dead_letters;
  leat::graph g{"alerts"};
  g.from("in", leat::generate(numbered, count)).to("out", std::move(sink_of_job));
  leat::run_options options;
  options.dead_letters = &dead_letters;
  outcome got;
  if (const auto done = leat::run(std::move(g), options); !done)
    got.error = done.error();
  got.letters = dead_letters.letters;
  return got;
}

std::string lines(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i)
    text += "{\"id\":" + std::to_string(i) + "}\n";
  return text;
}

leat::http_options impatient(leat::http_options options = {}) {
  options.first_wait = options.longest_wait = 1ms;
  return options;
}

} // namespace

TEST_CASE("records are posted in batches, in their order, each batch with a key of its own") {
  server to;
  const auto done =
      run(alert_sink{to.url("/a/b?c=d"), {.batch = 10, .headers = {{"Authorization", "Bearer x"}}}},
          95);
  REQUIRE(!done.error);
  CHECK(done.letters.empty());
  std::string all;
  std::set<std::string> keys;
  for (const posted& p : to.all()) {
    all += p.body;
    keys.insert(p.key);
    CHECK(p.path == "/a/b");
    CHECK(p.type == "application/x-ndjson");
    CHECK(p.token == "Bearer x");
    CHECK(std::count(p.body.begin(), p.body.end(), '\n') <= 10);
  }
  CHECK(all == lines(0, 95));
  CHECK(keys.size() == to.all().size());
  CHECK(to.all().size() >= 10);
}

TEST_CASE("a batch can be a JSON array, and its bytes have a bound") {
  server to;
  alert_sink out{to.url(), {.body = leat::http_body::json_array, .batch_bytes = 20}};
  REQUIRE(out.check());
  REQUIRE(out.open({"out", 0, 1, nullptr}));
  const std::vector<alert> records{{1}, {2}, {3}, {4}, {5}};
  out.write(std::span<const alert>{records});
  CHECK(to.all().size() == 1); // three were as many bytes as a batch may have
  out.flush();
  out.flush(); // nothing more
  out.flush();
  const auto all = to.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].body == R"([{"id":1},{"id":2},{"id":3}])");
  CHECK(all[0].type == "application/json");
  CHECK(all[1].body == R"([{"id":4},{"id":5}])");
}

TEST_CASE("what a server cannot take now is sent again with the same key") {
  for (const int status : {500, 503, 429, 408}) {
    int refusals = 3;
    server to{[&](const posted&, httplib::Response& r) {
      if (refusals-- > 0) {
        r.status = status;
        r.set_header("Retry-After", "1000"); // no longer than the longest wait
      }
    }};
    REQUIRE(!run(alert_sink{to.url(), impatient()}, 5).error);
    std::map<std::string, std::string> taken;
    for (const posted& p : to.all())
      CHECK(taken.emplace(p.key, p.body).first->second == p.body);
    std::size_t size = 0;
    for (const auto& [key, body] : taken)
      size += body.size();
    CHECK(size == lines(0, 5).size());
    CHECK(to.all().size() == taken.size() + 3);
  }
}

TEST_CASE("a connection that is closed without an answer is made again, and ends no process") {
  support::line_server to;
  struct sigaction was {};
  struct sigaction fatal {};
  fatal.sa_handler = SIG_DFL; // a server of the library in this process had it ignored
  ::sigaction(SIGPIPE, &fatal, &was);
  std::thread peer{[&] {
    to.accept().reset();
    auto closing = to.accept();
    closing.read_to("\r\n\r\n");
    closing.close();
    auto answering = to.accept();
    answering.read_to("{\"id\":1}\n");
    answering.send("HTTP/1.1 204 No Content\r\n\r\n");
    answering.wait_for_end();
  }};
  {
    alert_sink out{"http://" + to.address().substr(6), impatient()};
    REQUIRE(out.open({"out", 0, 1, nullptr}));
    const std::vector<alert> records{{1}};
    out.write(std::span<const alert>{records});
    CHECK_NOTHROW(out.flush());
  }
  peer.join();
  ::sigaction(SIGPIPE, &was, nullptr);
}

TEST_CASE("a batch that the server refuses is a dead letter, and the next one is posted") {
  server to{[](const posted& p, httplib::Response& r) {
    if (p.body.find("{\"id\":3}") != std::string::npos) {
      r.status = 422;
      r.set_content("no\nthree", "text/plain");
    }
  }};
  const auto done = run(alert_sink{to.url(), {.batch = 1}}, 6);
  REQUIRE(!done.error);
  CHECK(to.all().size() == 6);
  REQUIRE(done.letters.size() == 1);
  CHECK(done.letters[0].stage == "out");
  CHECK(done.letters[0].place == "batch 4 of 1 records");
  CHECK(done.letters[0].reason ==
        "the server refuses it: 422 Unprocessable Entity: \"no\\x0Athree\"");
  CHECK(done.letters[0].raw == "{\"id\":3}\n");
}

TEST_CASE("an answer that every batch would get fails the job") {
  for (const int status : {301, 401, 404}) {
    server to{[&](const posted&, httplib::Response& r) { r.status = status; }};
    const auto done = run(alert_sink{to.url()}, 5);
    REQUIRE(done.error);
    CHECK(done.error->stage == "out");
    CHECK(done.error->what.starts_with("\"" + to.url() + "\" answers " + std::to_string(status)));
    CHECK(to.all().size() == 1);
  }
}

TEST_CASE("a server that does not come back fails the job after so many attempts") {
  std::string url;
  {
    server gone;
    url = gone.url();
  }
  auto options = impatient();
  options.attempts = 3;
  const auto done = run(alert_sink{url, options}, 5);
  REQUIRE(done.error);
  CHECK(done.error->what.starts_with("cannot post to \"" + url + "\" in 3 attempts: "));
  CHECK(done.error->retry);

  server busy{[](const posted&, httplib::Response& r) { r.status = 503; }};
  const auto refused = run(alert_sink{busy.url(), options}, 5);
  REQUIRE(refused.error);
  CHECK(refused.error->what.ends_with(" in 3 attempts: 503 Service Unavailable"));
  CHECK(busy.all().size() == 3);
}

TEST_CASE("wrong addresses and options are told before the first record") {
  for (const std::string wrong : {"", "host:80", "ftp://host/", "http://", "http:///path",
                                  "http://a b/", "http://host/#part"}) {
    INFO(wrong);
    CHECK(!alert_sink{wrong}.check());
  }
  CHECK(alert_sink{"http://host:80"}.check());
  CHECK(!alert_sink{"http://host", {.batch = 0}}.check());
  CHECK(!alert_sink{"http://host", {.attempts = 0}}.check());
  CHECK(!alert_sink{"http://host", {.headers = {{"A", "b\r\nC: d"}}}}.check());
}

TEST_CASE("however a server fails, who remembers keys gets each record once and in order") {
  support::for_seeds(20, [](support::dice dice) {
    std::set<std::string> taken;
    std::string all;
    server to{[&](const posted& p, httplib::Response& r) {
      const bool fails = dice(0, 3) == 0;
      if (fails && dice.coin()) {
        r.status = 502; // before it took anything
        return;
      }
      if (taken.insert(p.key).second)
        all += p.body;
      if (fails)
        r.status = 504; // its answer was lost
    }};
    auto options = impatient();
    options.batch = dice.size(1, 20);
    options.attempts = 50;
    CHECK(!run(alert_sink{to.url(), options}, 200).error);
    CHECK(all == lines(0, 200));
  });
}

TEST_CASE("whatever crashes, a server that remembers keys takes each record once") {
  support::for_seeds(10, [](support::dice d) {
    const support::temporary_folder folder;
    server to;
    std::vector<alert> records;
    for (int n = 0, count = d(1, 100); n < count; ++n)
      records.push_back({n});
    support::run_with_crashes(
        records, d, folder.path(),
        [&] {
          return std::make_unique<leat::sink_stage<alert, alert_sink>>(
              alert_sink{to.url(), impatient({.batch = 7})}, 0ns);
        },
        [](const support::saved_job&) {});
    std::map<std::string, std::string> taken;
    for (const posted& p : to.all())
      REQUIRE(taken.emplace(p.key, p.body).first->second == p.body);
    std::vector<std::string> got, expected;
    for (const auto& [key, body] : taken) {
      std::istringstream lines_of_body{body};
      for (std::string line; std::getline(lines_of_body, line);)
        got.push_back(line);
    }
    for (const alert& a : records)
      expected.push_back("{\"id\":" + std::to_string(a.id) + "}");
    std::sort(got.begin(), got.end());
    std::sort(expected.begin(), expected.end());
    REQUIRE(got == expected);
  });
}

TEST_CASE("with checkpoints batches wait for their epoch, and their keys name it") {
  const support::temporary_folder folder;
  server to{
      [](const posted& p, httplib::Response& r) { r.status = p.key.ends_with("-2") ? 400 : 200; }};
  support::kept_letters dead_letters;
  alert_sink out{to.url(), {.batch = 2}};
  REQUIRE(out.open({.stage = "out",
                    .subtask = 3,
                    .subtasks = 4,
                    .dead_letters = &dead_letters,
                    .checkpoints = true,
                    .folder = folder.path()}));
  const std::vector<alert> records{{1}, {2}, {3}};
  out.write(std::span<const alert>{records});
  out.flush();
  const auto prepared = out.prepare(17);
  REQUIRE(prepared);
  CHECK(to.all().empty());
  REQUIRE(out.commit(**prepared));
  const auto all = to.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].body == lines(1, 3));
  CHECK(all[0].key.ends_with("-3-17-1"));
  CHECK(all[1].body == lines(3, 4));
  CHECK(all[1].key.ends_with("-3-17-2"));
  REQUIRE(dead_letters.letters.size() == 1);
  CHECK(dead_letters.letters[0].place == "batch 2 of epoch 17");
  CHECK(dead_letters.letters[0].raw == lines(3, 4));
  const auto nothing = out.prepare(18);
  REQUIRE(nothing);
  CHECK(!*nothing);
}

TEST_CASE("batches that were posted are not posted again, and those that are lost are an error") {
  const support::temporary_folder folder;
  server to;
  const auto opened = [&] {
    auto out = std::make_unique<alert_sink>(to.url());
    REQUIRE(out->open({.stage = "out", .checkpoints = true, .after = 9, .folder = folder.path()}));
    return out;
  };
  const std::vector<alert> records(10'000); // more than is kept in memory
  const auto first = opened();
  first->write(std::span<const alert>{records});
  const auto prepared = first->prepare(9);
  REQUIRE((prepared && *prepared));
  REQUIRE(first->commit(**prepared));
  const std::size_t posts = to.all().size();
  CHECK(posts > 0);
  const auto restarted = opened();
  REQUIRE(restarted->commit(**prepared));
  REQUIRE(restarted->discard_uncommitted());
  REQUIRE(opened()->commit(**prepared));
  CHECK(to.all().size() == posts);

  std::filesystem::remove(folder / "out/.part-0-9.done");
  const auto lost = opened()->commit(**prepared);
  REQUIRE(!lost);
  CHECK(
      lost.error().what.find("/out/.part-0-9\" is gone, and what it held was not yet published") !=
      std::string::npos);
  CHECK(to.all().size() == posts);
}
