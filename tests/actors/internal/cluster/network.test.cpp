#include <leat/internal/cluster/network.hpp>

#include <leat/internal/cluster/messages.hpp>

#include "support/links.hpp"

#include <chrono>
#include <random>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;

namespace {

using words = caf::atom_constant<caf::atom("words")>;
using hush = caf::atom_constant<caf::atom("hush")>;

/// An actor system with a network.
struct node_system {
  caf::actor_system_config config;
  caf::actor_system system{add_network(config)};
};

// Sends back what it gets, with its number among those that came.
caf::behavior echo(caf::stateful_actor<std::uint64_t>* self) {
  return {[=](words, const std::string& text) {
            return caf::make_message(words::value, self->state++, text);
          },
          [=](hush) { self->quit(); }};
}

/// Two systems in one process, connected over TLS as two nodes are.
struct two_nodes {
  explicit two_nodes(link_pair links) : far(there.system.spawn(echo)) {
    publish(far, std::move(links.b));
    auto found = dial(here.system, std::move(links.a));
    REQUIRE(found);
    near = std::move(*found);
  }
  ~two_nodes() {
    caf::anon_send(far, hush::value);
    far = near = nullptr;
    settle(here.system);
    settle(there.system);
  }

  node_system here;
  node_system there;
  caf::actor far;  ///< as it is there
  caf::actor near; ///< as it is reached from here
};

const authority_folder& authority() {
  static const authority_folder made({"a", "b"});
  return made;
}
link_pair links() { return {authority().of("a"), authority().of("b")}; }

std::string text_of(std::size_t size) {
  std::string text(size, '\0');
  std::mt19937 random(static_cast<unsigned>(size));
  for (char& c : text)
    c = static_cast<char>(random());
  return text;
}

/// Sends all of these at once, and checks that they come back equal and in order.
void check_echo(two_nodes& n, const std::vector<std::string>& texts) {
  caf::scoped_actor self(n.here.system);
  for (const std::string& t : texts)
    self->send(n.near, words::value, t);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    bool same = false;
    self->receive([&](words, std::uint64_t number,
                      const std::string& text) { same = number == i && text == texts[i]; },
                  caf::after(20s) >> [] {});
    REQUIRE(same);
  }
}

} // namespace

TEST_CASE("two actor systems talk over a link under TLS") {
  two_nodes n(links());
  CHECK(n.near.node() == n.there.system.node());
  SECTION("one small message") { check_echo(n, {"hello"}); }
  SECTION("an empty one") { check_echo(n, {""}); }
  SECTION("many small ones") {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 20'000; ++i)
      texts.push_back(text_of(i % 50));
    check_echo(n, texts);
  }
  SECTION("large ones, both ways at once") {
    check_echo(
        n, {text_of(5'000'000), text_of(1), text_of(8 << 20), text_of(16'384), text_of(3'000'001)});
  }
  SECTION("sizes around those of TLS's records and of powers of two") {
    std::vector<std::string> texts;
    for (std::size_t power = 256; power <= 1 << 20; power *= 4)
      for (std::size_t size = power - 40; size < power + 40; size += 3)
        texts.push_back(text_of(size));
    check_echo(n, texts);
  }
}

TEST_CASE("an actor that ends there is down here") {
  two_nodes n(links());
  caf::scoped_actor self(n.here.system);
  self->monitor(n.near);
  self->send(n.near, hush::value);
  bool normal = false;
  self->receive([&](const caf::down_msg& m) { normal = m.reason == caf::exit_reason::normal; },
                caf::after(20s) >> [] {});
  CHECK(normal);
}

TEST_CASE("a node that closes its end is down, and what is sent to it harms nobody") {
  link_pair p = links();
  node_system here;
  auto far = std::make_unique<node_system>();
  publish(far->system.spawn(echo), std::move(p.b));
  auto near = dial(here.system, std::move(p.a));
  REQUIRE(near);
  caf::scoped_actor self(here.system);
  self->monitor(*near);
  self->send(*near, words::value, "hello");
  self->receive([](words, std::uint64_t, const std::string&) {});
  self->send(*near, hush::value);
  settle(far->system);
  far.reset();
  bool down = false;
  self->receive([&](const caf::down_msg&) { down = true; }, caf::after(20s) >> [] {});
  CHECK(down);
  self->send(*near, words::value, text_of(1'000'000));
  *near = nullptr;
}

TEST_CASE("nobody is reached over a link whose other end closes, or is no node") {
  link_pair p = links();
  node_system here;
  SECTION("closes") { const tls_link gone = std::move(p.b); }
  SECTION("is no node") {
    REQUIRE(p.b.send(std::string(1000, 'x'), soon()));
    p.b.end_writing();
  }
  const auto found = dial(here.system, std::move(p.a));
  REQUIRE(!found);
  CHECK_THAT(found.error().what,
             Catch::Matchers::StartsWith("another process of the cluster cannot be reached: "));
}
