#include <leat/internal/cluster/joining.hpp>

#include <leat/internal/cluster/lobby.hpp>
#include <leat/scoring/readers/sha256.hpp>

#include "support/dice.hpp"
#include "support/links.hpp"

#include <atomic>
#include <filesystem>
#include <fmt/format.h>
#include <future>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

join_settings joining(const node_address& to, const std::string& cache) {
  join_settings how;
  how.coordinator = to;
  how.coordinator_node = "head";
  how.cache = cache;
  how.patience = 20s;
  how.end_with = [](int) {}; // this process goes on
  return how;
}

/// A worker "a" that joins on another thread, and its coordinator by hand.
struct joining_worker : no_sigpipe {
  explicit joining_worker(const std::function<void(join_settings&)>& change = {})
      : own(folder.of("a")), of_head(folder.of("head")), listening(*listen_on(any_port)) {
    join_settings how = joining(local_address(listening.get()), cache / "made");
    if (change)
      change(how);
    joined_ = std::async(std::launch::async,
                         [=, this] { return join_cluster(how, own, told.function()); });
    REQUIRE(wait_for(listening.get(), POLLIN, soon()));
    link.emplace(accept_from(listening.get()), of_head, true);
  }
  ~joining_worker() { link.reset(); }

  void meet() { REQUIRE(link->meet(soon())); }
  /// What the worker asks for.
  join_request asked() {
    meet();
    const auto bytes = link->receive(soon());
    REQUIRE(bytes);
    const auto r = from_bytes<join_request>(*bytes);
    REQUIRE(r);
    return *r;
  }
  template <class Message>
  void say(const Message& m) {
    REQUIRE(link->send(as_bytes(m), soon()));
  }
  std::uint32_t wish() {
    auto bytes = link->receive(soon());
    while (bytes && from_bytes<preparation>(*bytes)) // on a slow machine
      bytes = link->receive(soon());
    REQUIRE(bytes);
    return from_bytes<file_request>(*bytes)->number;
  }
  /// How its preparation ended.
  preparation prepared() {
    for (;;) {
      const auto bytes = link->receive(soon());
      REQUIRE(bytes);
      const auto p = from_bytes<preparation>(*bytes);
      REQUIRE(p);
      if (p->done)
        return *p;
    }
  }
  result<joined_job> end() { return joined_.get(); }
  std::string fault() {
    const auto job = end();
    return job ? "" : job.error().what;
  }

  authority_folder folder{{"head", "a", "b", "c"}};
  temporary_folder cache;
  credentials own;
  credentials of_head;
  owned_socket listening;
  told_lines told;
  std::optional<tls_link> link;

private:
  std::future<result<joined_job>> joined_;
};

joined_node node(const std::string& name) { return {name, 1, {}, "127.0.0.1:1"}; }

join_answer answer(std::vector<joined_node> nodes = {node("a")}, std::uint32_t which = 1) {
  join_answer a;
  a.term = 7;
  a.node = which;
  a.nodes = std::move(nodes);
  a.arguments = {"--count", "5"};
  return a;
}

/// The link of a worker that says that it is prepared.
tls_link to_coordinator(worker_role& role) {
  REQUIRE(role.preparing);
  tls_link link = role.preparing->end();
  REQUIRE(link.send(as_bytes(preparation{true, {}, {}}), soon()));
  return link;
}

shipped_file file_of(const std::string& path, const std::string& content) {
  return {path, sha256_hex(content), content.size()};
}

} // namespace

TEST_CASE("workers that join in any order are all connected with each other") {
  for_seeds(4, [](dice random) {
    const no_sigpipe ignored;
    std::vector<std::string> names{"a", "b", "c", "d"};
    names.resize(random.size(1, 5));
    const authority_folder folder({"head", "a", "b", "c", "d"});
    const temporary_folder files;
    const shared_command what{{"--model", "m"}, {files.write("model", std::string(700'000, 'm'))}};
    const credentials head = folder.of("head");
    auto at = lobby::open(any_port, head);
    REQUIRE(at);
    std::map<std::string, std::future<result<joined_job>>> joined;
    std::vector<std::string> order = names;
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[random.size(0, i)]);
    for (const std::string& name : order)
      joined[name] = std::async(std::launch::async, [&, name] {
        const credentials own = folder.of(name);
        return join_cluster(joining(at->address(), files / name), own, [](const std::string&) {});
      });
    auto gathered = std::async(std::launch::async, [&] {
      return at->gather(
          names.size(), 2, what, [] { return false; }, [](const std::string&) {});
    });
    std::vector<joined_job> jobs;
    for (const std::string& name : names) {
      auto job = joined[name].get();
      INFO((job ? "" : job.error().what));
      REQUIRE(job);
      jobs.push_back(std::move(*job));
    }
    for (std::size_t n = 1; n <= jobs.size(); ++n) {
      worker_role& role = jobs[n - 1].role;
      CHECK(role.node == n);
      CHECK(role.term == 2);
      CHECK(role.on_other_hosts);
      REQUIRE(role.links.size() == jobs.size());
      CHECK(jobs[n - 1].arguments == what.arguments);
      CHECK(content_of(jobs[n - 1].files.at(what.files[0])) == std::string(700'000, 'm'));
      CHECK(to_coordinator(role).peer().name == "head");
      for (std::size_t other = 1; other <= jobs.size(); ++other)
        if (other != n) {
          auto& link = std::get<tls_link>(role.link_to(other));
          CHECK(link.peer().name == names[other - 1]);
          REQUIRE(link.send(fmt::format("{} to {}", n, other), soon()));
        }
    }
    for (std::size_t n = 1; n <= jobs.size(); ++n)
      for (std::size_t other = 1; other <= jobs.size(); ++other)
        if (other != n)
          CHECK(*std::get<tls_link>(jobs[n - 1].role.link_to(other)).receive(soon()) ==
                fmt::format("{} to {}", other, n));
    CHECK(gathered.get());
  });
}

TEST_CASE("a worker asks with what it was given, and tells where others reach it") {
  joining_worker w([](join_settings& how) {
    how.slots = 3;
    how.labels = {"ssd"};
  });
  const join_request r = w.asked();
  CHECK(r.version == join_version);
  CHECK(r.build == own_build());
  CHECK(r.slots == 3);
  CHECK(r.coordinator == "head");
  CHECK(r.labels == std::vector<std::string>{"ssd"});
  CHECK_THAT(r.address, StartsWith("127.0.0.1:"));
  CHECK(connect_to(*node_address::parse(r.address), soon()));
}

TEST_CASE("a worker joins no other node than its coordinator, and says whom it wanted") {
  joining_worker w([](join_settings& how) {
    how.coordinator_node = "chief";
    how.labels = {"secret"};
  });
  const join_request r = w.asked();
  CHECK(r.coordinator == "chief");
  CHECK(r.labels.empty()); // what it is goes to nobody else
  CHECK(r.address.empty());
  const auto at = local_address(w.listening.get()).text();
  const auto job = w.end();
  REQUIRE(!job);
  CHECK(job.error().what == "at " + at + ", where the coordinator chief should be, is head");
  CHECK(job.error().hint == "check --join; --coordinator head if that is the coordinator's name");
}

TEST_CASE("a worker that listens on all addresses tells that by which it reaches the coordinator") {
  for (const char* all : {"0.0.0.0", "0", "::"}) {
    joining_worker w([&](join_settings& how) { how.listen = node_address{all, "0"}; });
    const std::string address = w.asked().address;
    CHECK_THAT(address, StartsWith("127.0.0.1:"));
    CHECK(connect_to(*node_address::parse(address), soon()));
  }
}

TEST_CASE("a worker fetches what it lacks, and what is corrupt in its cache") {
  const std::string large(3 << 20, 'x');
  joining_worker w([&](join_settings& how) {
    std::filesystem::create_directories(how.cache);
    const auto keep = [&](const std::string& of, const std::string& content) {
      std::ofstream(how.cache + "/" + sha256_hex(of), std::ios::binary) << content;
    };
    keep("present", "present");
    keep("corrupt", "Corrupt");
  });
  (void)w.asked();
  join_answer a = answer();
  a.files = {file_of("p", "present"), file_of("c", "corrupt"), file_of("../../e", ""),
             file_of("l", large)};
  w.say(a);
  CHECK(w.wish() == 1);
  REQUIRE(w.link->send("corrupt", soon()));
  CHECK(w.wish() == 2); // of an empty file no bytes come
  CHECK(w.wish() == 3);
  for (std::size_t at = 0; at < large.size(); at += 1 << 20)
    REQUIRE(w.link->send(large.substr(at, 1 << 20), soon()));
  CHECK(w.wish() == 4);
  w.say(readiness{7});
  const auto job = w.end();
  REQUIRE(job);
  CHECK(content_of(job->files.at("p")) == "present");
  CHECK(content_of(job->files.at("c")) == "corrupt");
  CHECK(content_of(job->files.at("l")) == large);
  CHECK(std::filesystem::is_regular_file(job->files.at("../../e")));
  for (const auto& [path, here] : job->files)
    CHECK(std::filesystem::path(here).parent_path() == w.cache / "made");
  CHECK(std::distance(std::filesystem::directory_iterator(w.cache / "made"), {}) == 4);
}

TEST_CASE("a digest that is none leads to no file") {
  for (const std::string& digest :
       {std::string(), std::string("../../../etc/passwd"), std::string(63, 'a'),
        std::string(65, 'a'), std::string(64, 'A'), std::string(63, 'a') + "/",
        std::string(63, 'a') + '\0'}) {
    joining_worker w;
    (void)w.asked();
    join_answer a = answer();
    a.files = {{"model", digest, 1}};
    w.say(a);
    CHECK(w.fault() == "model of the coordinator has no valid digest");
  }
}

TEST_CASE("an answer that makes no sense ends the worker, and names who sent it") {
  joined_node no_slots = node("b");
  no_slots.slots = 0;
  joined_node everywhere = node("b");
  everywhere.address = "0.0.0.0:1";
  joined_node no_label = node("b");
  no_label.labels = {"\x1b"};
  std::vector<joined_node> many{node("a")};
  for (int i = 0; i < 256; ++i)
    many.push_back(node("n" + std::to_string(i)));
  const std::vector<std::pair<join_answer, std::string>> all = {
      {answer({node("a")}, 0), "node 0 of 1"},
      {answer({node("a")}, 2), "node 2 of 1"},
      {answer({}, 0), "node 0 of 0"},
      {answer(many), "node 1 of 257"},
      {answer({node("b"), node("a")}, 1), "node 1 is not a"},
      {answer({node("a"), node("a")}), "two nodes are named a"},
      {answer({node("a"), node("head")}), "two nodes are named head"},
      {answer({node("a"), node("B")}), "invalid node name \"B\""},
      {answer({node("a"), no_slots}), "0 slots are not between 1 and 1024"},
      {answer({node("a"), everywhere}), "others cannot connect to 0.0.0.0:1"},
      {answer({node("a"), no_label}), "invalid label \"\\x1B\""}};
  for (const auto& [sent, why] : all) {
    joining_worker w;
    (void)w.asked();
    w.say(sent);
    CHECK(w.fault() == "the coordinator head: the answer is invalid: " + why);
  }
  joining_worker refused;
  (void)refused.asked();
  join_answer no;
  no.refusal = "no";
  refused.say(no);
  CHECK(refused.fault() == "the coordinator head refused this worker: no");
  joining_worker other_term;
  (void)other_term.asked();
  other_term.say(answer());
  CHECK(other_term.wish() == 0);
  other_term.say(readiness{8});
  CHECK(other_term.fault() == "the coordinator began another attempt");
}

TEST_CASE("a worker ends if the other end sends garbage, stops or closes, whenever it does") {
  const auto garbage = [](joining_worker& w) { REQUIRE(w.link->send("garbage", soon())); };
  const auto close = [](joining_worker& w) { w.link.reset(); };
  SECTION("before the handshake") {
    joining_worker w;
    close(w);
    CHECK_THAT(w.fault(), StartsWith("127.0.0.1:")); // closed, or reset: it has said hello
  }
  SECTION("no handshake") {
    joining_worker w([](join_settings& how) { how.patience = 50ms; });
    CHECK_THAT(w.fault(), EndsWith(" does not answer"));
  }
  SECTION("before the answer") {
    joining_worker w;
    (void)w.asked();
    close(w);
    CHECK_THAT(w.fault(), EndsWith("the peer closed the connection"));
  }
  SECTION("in place of the answer") {
    joining_worker w;
    (void)w.asked();
    garbage(w);
    CHECK(w.fault() == "it did not send a valid join_answer");
  }
  SECTION("in place of a file") {
    joining_worker w;
    (void)w.asked();
    join_answer a = answer();
    a.files = {file_of("model", "content")};
    w.say(a);
    CHECK(w.wish() == 0);
    garbage(w);
    CHECK(w.fault() == "model of the coordinator did not arrive as it was sent");
    CHECK(std::filesystem::is_empty(w.cache / "made"));
  }
  SECTION("in the midst of a file") {
    joining_worker w([](join_settings& how) { how.patience = 100ms; });
    (void)w.asked();
    join_answer a = answer();
    a.files = {file_of("model", "content")};
    w.say(a);
    CHECK(w.wish() == 0);
    REQUIRE(w.link->send("cont", soon()));
    CHECK_THAT(w.fault(), EndsWith(" does not answer"));
    CHECK(std::filesystem::is_empty(w.cache / "made"));
  }
  SECTION("in place of readiness") {
    joining_worker w;
    (void)w.asked();
    w.say(answer());
    CHECK(w.wish() == 0);
    garbage(w);
    CHECK(w.fault() == "it did not send a valid readiness");
  }
}

TEST_CASE("a worker names the one that it cannot meet") {
  const auto until_ready = [](joining_worker& w, const join_answer& a) {
    w.say(a);
    CHECK(w.wish() == 0);
    w.say(readiness{7});
  };
  SECTION("an earlier one where nobody listens") {
    joining_worker w;
    (void)w.asked();
    until_ready(w, answer({node("0"), node("a")}, 2));
    CHECK_THAT(w.fault(), StartsWith("worker 0 cannot be reached: cannot connect to 127.0.0.1:1"));
    CHECK_THAT(w.prepared().fault, StartsWith("worker 0 cannot be reached: cannot connect"));
  }
  SECTION("an earlier one where another is") {
    joining_worker w;
    (void)w.asked();
    const credentials c = w.folder.of("c");
    auto at = reception::open(any_port, c);
    REQUIRE(at);
    joined_node earlier = node("0");
    earlier.address = at->address().text();
    until_ready(w, answer({earlier, node("a")}, 2));
    CHECK(at->wait(within(500ms)).empty());
    CHECK(w.fault() ==
          "worker 0 cannot be reached: at " + earlier.address + ", where worker 0 should be, is c");
  }
  SECTION("a later one that does not come, whoever else does") {
    joining_worker w([](join_settings& how) { how.patience = 500ms; });
    const node_address at = *node_address::parse(w.asked().address);
    until_ready(w, answer({node("a"), node("b"), node("c")}));
    const credentials b = w.folder.of("b");
    std::vector<tls_link> links;
    for (const auto& [node, term] : std::vector<std::pair<std::uint32_t, std::uint64_t>>{
             {3, 7}, {2, 6}, {1, 7}, {0, 7}, {4, 7}}) {
      links.push_back(linked(at, b)); // says it is another, or of another attempt
      REQUIRE(links.back().send(as_bytes(greeting{term, node}), soon()));
    }
    CHECK(w.fault() == "worker b did not come");
  }
}

TEST_CASE("a worker waits for a coordinator that is not there yet, and says so") {
  const no_sigpipe ignored;
  const authority_folder folder({"head", "a"});
  const credentials own = folder.of("a");
  const credentials head = folder.of("head");
  node_address at = any_port;
  {
    const auto free = listen_on(any_port);
    at = local_address(free->get());
  }
  told_lines told;
  auto joined = std::async(
      std::launch::async, [&] { return join_cluster(joining(at, "/none"), own, told.function()); });
  REQUIRE(told.wait_for("waiting for the coordinator: cannot connect to " + at.text()));
  auto late = lobby::open(at, head);
  REQUIRE(late);
  auto gathered = std::async(std::launch::async, [&] {
    return late->gather(
        1, 1, {}, [] { return false; }, [](const std::string&) {});
  });
  auto job = joined.get();
  REQUIRE(job);
  (void)to_coordinator(job->role);
  CHECK(gathered.get());
}
