#include <leat/internal/cluster/lobby.hpp>

#include <leat/internal/cluster/join.hpp>

#include "support/dice.hpp"
#include "support/links.hpp"

#include <atomic>
#include <future>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

namespace {

join_request request(std::uint32_t slots = 1) {
  return {join_version, own_build(), slots, {}, "10.0.0.1:7000", "head"};
}

/// A worker by hand.
struct hand_made {
  hand_made(const node_address& to, credentials by) : own(std::move(by)), link(linked(to, own)) {}
  void ask(const join_request& r) { REQUIRE(link.send(as_bytes(r), soon())); }
  template <class Message>
  Message heard() {
    const auto bytes = link.receive(soon());
    INFO((bytes ? "" : bytes.error().what));
    REQUIRE(bytes);
    const auto m = from_bytes<Message>(*bytes);
    REQUIRE(m);
    return *m;
  }
  void wish(std::uint32_t file) { REQUIRE(link.send(as_bytes(file_request{file}), soon())); }
  void prepared(std::string fault = {}, std::string hint = {}) {
    REQUIRE(link.send(as_bytes(preparation{true, std::move(fault), std::move(hint)}), soon()));
  }
  void alive() { REQUIRE(link.send(as_bytes(preparation{}), soon())); }
  bool is_left() { return !link.receive(soon()); }

  credentials own;
  tls_link link;
};

/// The lobby of a coordinator, which gathers on another thread.
struct gathering : no_sigpipe {
  explicit gathering(std::size_t count, shared_command command = {},
                     std::chrono::milliseconds silence = 20s)
      : own(folder.of("head")), at(*lobby::open(any_port, own, 20s, silence)),
        what(std::move(command)) {
    result_ = std::async(std::launch::async, [=, this] {
      return at.gather(
          count, 3, what, [this] { return stop.load(); }, told.function());
    });
  }
  ~gathering() { stop = true; }

  hand_made come(const std::string& name, const join_request& r = request()) {
    hand_made w(at.address(), folder.of(name));
    w.ask(r);
    return w;
  }
  hand_made join(const std::string& name, const join_request& r = request()) {
    hand_made w = come(name, r);
    REQUIRE(told.wait_for("worker " + name + " has joined"));
    return w;
  }
  std::string refusal(const std::string& name, const join_request& r) {
    return come(name, r).heard<join_answer>().refusal;
  }
  result<std::vector<joined_worker>> end() { return result_.get(); }
  std::string fault() {
    const auto all = end();
    return all ? "" : all.error().what;
  }

  authority_folder folder{{"head", "coordinator", "a", "b", "c", "d", "e"}};
  credentials own;
  lobby at;
  shared_command what;
  told_lines told;
  std::atomic<bool> stop = false;

private:
  std::future<result<std::vector<joined_worker>>> result_;
};

} // namespace

TEST_CASE("workers have their places in the order of their names, whoever came first") {
  for_seeds(5, [](dice random) {
    std::vector<std::string> names{"a", "b", "c", "d", "e"};
    names.resize(random.size(1, 6));
    gathering g(names.size(), {{"--count", "5"}, {}});
    std::vector<std::string> order = names;
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[random.size(0, i)]);
    std::map<std::string, hand_made> workers;
    for (const std::string& name : order) {
      join_request r = request(static_cast<std::uint32_t>(1 + name[0] - 'a'));
      r.labels = {"of-" + name};
      workers.emplace(name, g.come(name, r));
    }
    for (std::size_t n = 0; n < names.size(); ++n) {
      hand_made& w = workers.at(names[n]);
      const auto answer = w.heard<join_answer>();
      CHECK(answer.refusal.empty());
      CHECK(answer.term == 3);
      CHECK(answer.node == n + 1);
      CHECK(answer.arguments == std::vector<std::string>{"--count", "5"});
      REQUIRE(answer.nodes.size() == names.size());
      for (std::size_t i = 0; i < names.size(); ++i) {
        CHECK(answer.nodes[i].name == names[i]);
        CHECK(answer.nodes[i].slots == i + 1);
        CHECK(answer.nodes[i].labels == std::vector<std::string>{"of-" + names[i]});
        CHECK(answer.nodes[i].address == "10.0.0.1:7000");
      }
      CHECK_FALSE(
          wait_for(w.link.socket(), POLLIN, within(0ms))); // not before all have their files
      w.wish(0);
    }
    for (auto& [name, w] : workers) {
      CHECK(w.heard<readiness>().term == 3);
      w.prepared();
    }
    const auto all = g.end();
    REQUIRE(all);
    for (std::size_t i = 0; i < names.size(); ++i) {
      CHECK((*all)[i].about.name == names[i]);
      CHECK((*all)[i].link.peer().name == names[i]);
    }
  });
}

TEST_CASE("a worker that leaves may come again, at once") {
  gathering g(2);
  std::optional<hand_made> here = g.join("a");
  for (int round = 2; round <= 10; ++round) {
    hand_made again(g.at.address(), g.folder.of("a"));
    here.reset();
    again.ask(request());
    REQUIRE(g.told.wait_for("worker a has joined", round));
    here.emplace(std::move(again));
  }
  hand_made& again = *here;
  hand_made b = g.join("b");
  CHECK(again.heard<join_answer>().node == 1);
  again.wish(0);
  CHECK(b.heard<join_answer>().node == 2);
  b.wish(0);
  again.prepared(), b.prepared();
  CHECK(g.end());
}

TEST_CASE("who cannot be a worker is told why, and the others go on") {
  gathering g(2);
  hand_made a = g.join("a");
  const join_request good = request();
  join_request other_build = good;
  other_build.build ^= 1;
  CHECK(g.refusal("b", other_build) == "it runs another build of the program than the coordinator");
  join_request other_version = good;
  other_version.version += 1;
  CHECK(g.refusal("b", other_version) ==
        "it runs another build of the program than the coordinator");
  CHECK(g.refusal("b", request(0)) == "0 slots are not between 1 and 1024");
  CHECK(g.refusal("b", request(0xFFFFFFFF)) == "4294967295 slots are not between 1 and 1024");
  join_request other_coordinator = good;
  other_coordinator.coordinator = "\x1b";
  CHECK(g.refusal("b", other_coordinator) ==
        "it wants the coordinator \"\\x1B\", and this is head");
  join_request everywhere = good;
  everywhere.address = "0.0.0.0:7000";
  CHECK(g.refusal("b", everywhere) == "others cannot connect to 0.0.0.0:7000");
  join_request unprintable = good;
  unprintable.labels = {"\x1b[2J"};
  CHECK(g.refusal("b", unprintable) == "invalid label \"\\x1B[2J\"");
  join_request many = good;
  many.labels.assign(100, "x");
  CHECK(g.refusal("b", many) == "100 labels exceed the maximum of 64");
  CHECK(g.refusal("a", good) == "a worker a has joined already");
  CHECK(g.refusal("head", good) == "it has the name of the coordinator, head");
  CHECK(g.refusal("coordinator", good) == "it has the name of the coordinator, coordinator");
  hand_made garbage(g.at.address(), g.folder.of("b"));
  REQUIRE(garbage.link.send("GET / HTTP/1.1", soon()));
  CHECK(garbage.heard<join_answer>().refusal == "it did not send a valid join_request");
  CHECK(g.told.wait_for("turned away: b (127.0.0.1:"));

  hand_made b = g.join("b");
  for (hand_made* w : {&a, &b}) {
    CHECK(w->heard<join_answer>().refusal.empty());
    w->wish(0);
    w->prepared();
  }
  CHECK(g.end());
}

TEST_CASE("a worker gets the files that it asks for, each once and in turn") {
  const temporary_folder folder;
  const std::string large(600'000, 'x');
  const std::vector<std::string> files{folder.write("0", "zero"), folder.write("1", ""),
                                       folder.write("2", large)};
  gathering g(1, {{}, files});
  hand_made w = g.join("a");
  const auto answer = w.heard<join_answer>();
  REQUIRE(answer.files.size() == 3);
  CHECK(answer.files[0].path == files[0]);
  CHECK(answer.files[2].bytes == large.size());
  SECTION("some") {
    w.wish(0);
    CHECK(*w.link.receive(soon()) == "zero");
    w.wish(1); // nothing comes
    w.wish(2);
    std::string got;
    while (got.size() < large.size())
      got += *w.link.receive(soon());
    CHECK(got == large);
    w.wish(3);
    w.prepared();
    CHECK(g.end());
  }
  SECTION("none") {
    w.wish(3);
    w.prepared();
    CHECK(g.end());
  }
  SECTION("none, after a long look at its own") {
    w.alive(), w.alive();
    w.wish(3);
    w.prepared();
    CHECK(g.end());
  }
  SECTION("one again") {
    w.wish(0), w.wish(0);
    CHECK(g.fault() == "worker a was lost while it joined: it asked for file 0 out of turn");
  }
  SECTION("one before") {
    w.wish(1), w.wish(0);
    CHECK_THAT(g.fault(), EndsWith("it asked for file 0 out of turn"));
  }
  SECTION("one that is not there") {
    w.wish(4);
    CHECK_THAT(g.fault(), EndsWith("it asked for file 4 out of turn"));
  }
  SECTION("garbage") {
    REQUIRE(w.link.send("more bytes", soon()));
    CHECK(!g.fault().empty());
  }
  SECTION("one that has changed") {
    folder.write("2", "y");
    w.wish(2);
    CHECK(g.fault() == "worker a was lost while it joined: \"" + files[2] +
                           "\" changed while it was sent to a worker");
    CHECK(w.is_left());
  }
}

TEST_CASE("a file that cannot be read ends the gathering, and is named") {
  gathering g(1, {{}, {"/no/such/file"}});
  hand_made w = g.join("a");
  CHECK(g.fault() == "\"/no/such/file\" cannot be read");
  CHECK(w.is_left());
}

TEST_CASE("after a worker was lost while it joined, all begin anew") {
  gathering g(2);
  hand_made a = g.join("a");
  {
    const hand_made b = g.join("b");
    CHECK(a.heard<join_answer>().node == 1);
    a.wish(0);
  }
  const auto all = g.end();
  REQUIRE(!all);
  CHECK_THAT(all.error().what, Contains("worker b was lost while it joined"));
  CHECK(all.error().retry);
  CHECK(a.is_left()); // it is in the midst of an attempt that will not be
  auto next = std::async(std::launch::async, [&] {
    return g.at.gather(
        1, 4, {}, [&] { return g.stop.load(); }, g.told.function());
  });
  hand_made again = g.come("a");
  CHECK(again.heard<join_answer>().term == 4);
  again.wish(0);
  again.prepared();
  CHECK(next.get());
}

namespace {

// Two workers, until they are told to meet.
struct preparing : gathering {
  preparing() : gathering(2), a(join("a")), b(join("b")) {
    for (hand_made* w : {&a, &b}) {
      (void)w->heard<join_answer>();
      w->wish(0);
    }
    for (hand_made* w : {&a, &b})
      (void)w->heard<readiness>();
  }
  hand_made a;
  hand_made b;
};

} // namespace

TEST_CASE("workers prepare for as long as they say that they live") {
  preparing g;
  for (int beat = 0; beat < 100; ++beat)
    g.a.alive();
  g.b.alive();
  g.b.prepared();
  g.a.prepared();
  CHECK(g.end());
}

TEST_CASE("a worker that falls silent while it prepares is named, not one that is prepared") {
  gathering g(2, {}, 50ms);
  hand_made a = g.join("a");
  hand_made b = g.join("b");
  a.wish(0), a.prepared(); // before it is looked for
  b.wish(0);
  const auto all = g.end();
  REQUIRE(!all);
  CHECK(all.error().what == "node b was lost before the job began");
  CHECK(all.error().retry);
}

TEST_CASE("a worker that ends while it prepares is named") {
  preparing g;
  { const tls_link closed = std::move(g.b.link); }
  CHECK(g.fault() == "node b was lost before the job began");
}

TEST_CASE("what a worker cannot prepare is the error of the job, with its name") {
  preparing g;
  g.a.alive();
  g.b.prepared("cannot read \"model\"", "train one");
  const auto all = g.end();
  REQUIRE(!all);
  CHECK(all.error().what == "node b: cannot read \"model\"");
  CHECK(all.error().hint == "train one");
  CHECK(all.error().domain == error_domain::user);
}

TEST_CASE("a worker that says anything else while it prepares is named") {
  preparing g;
  REQUIRE(g.a.link.send("garbage", soon()));
  CHECK(g.fault() == "node a: it did not send a valid preparation");
}

TEST_CASE("a gathering stops also while workers prepare") {
  preparing g;
  g.stop = true;
  CHECK(g.fault() == "stopped while workers prepared their share");
}

TEST_CASE("a gathering stops when it is asked to") {
  gathering g(1);
  g.stop = true;
  CHECK(g.fault() == "stopped while it waited for workers");
}
