#include <leat/internal/net/link.hpp>

#include "support/links.hpp"

#include <cstring>
#include <future>
#include <poll.h>
#include <random>
#include <rapidcheck.h>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most = 1 << 20;

const authority_folder& authority() {
  static const authority_folder made({"a", "b"});
  return made;
}

link_pair pair() { return {authority().of("a"), authority().of("b")}; }

std::string with_length(std::string_view message, std::size_t length) {
  const auto number = static_cast<std::uint32_t>(length);
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes + std::string(message);
}

/// An end that writes what no link writes.
class raw_end {
public:
  explicit raw_end(tls_link link) : ends_(std::move(link).release()) {}

  /// How many bytes of these went out.
  std::size_t write(std::string_view bytes) {
    std::size_t moved = 0;
    write_some(*ends_.second, {bytes.data(), bytes.size()}, moved);
    return moved;
  }
  void close() { ends_.first = owned_socket(); }

private:
  std::pair<owned_socket, tls_session> ends_;
};

std::string arbitrary_message() {
  const auto size = *rc::gen::weightedOneOf<std::size_t>(
      {{8, rc::gen::inRange<std::size_t>(1, 200)},
       {3, rc::gen::inRange<std::size_t>(1, 70'000)},
       {1, rc::gen::element<std::size_t>(1, 16'384, 16'385, 65'536, most)}});
  std::string message(size, '\0');
  std::mt19937 random(*rc::gen::arbitrary<unsigned>());
  for (char& c : message)
    c = static_cast<char>(random());
  return message;
}

} // namespace

TEST_CASE("messages arrive whole, in whatever pieces they are written and read") {
  CHECK(rc::check([] {
    link_pair p = pair();
    raw_end from(std::move(p.a));
    std::vector<std::string> sent;
    std::string bytes;
    for (int left = *rc::gen::inRange(1, 6); left > 0; --left) {
      sent.push_back(arbitrary_message());
      bytes += with_length(sent.back(), sent.back().size());
    }
    std::mt19937 random(*rc::gen::arbitrary<unsigned>());
    const std::size_t largest = *rc::gen::element<std::size_t>(7, 3000, 100'000);
    if (largest == 7)
      bytes.resize(std::min<std::size_t>(bytes.size(), 5000));
    std::vector<std::string> got;
    std::string_view rest = bytes;
    for (int idle = 0; idle < 100;) {
      const std::size_t piece = std::min<std::size_t>(rest.size(), 1 + random() % largest);
      const std::size_t moved = piece > 0 ? from.write(rest.substr(0, piece)) : 0;
      rest.remove_prefix(moved);
      idle = moved > 0 ? 0 : idle + 1;
      for (bool more = random() % 2 == 0 || moved == 0; more;) {
        const auto whole = p.b.receive();
        RC_ASSERT(whole);
        more = *whole;
        if (more)
          got.push_back(p.b.take_message()), idle = 0;
      }
      if (rest.empty() && idle > 0 && !wait_for(p.b.socket(), POLLIN, within(5ms)))
        break;
    }
    RC_ASSERT(rest.empty());
    std::size_t whole = 0; // of a text that was cut
    for (std::size_t used = 0; whole < sent.size(); ++whole)
      if ((used += 4 + sent[whole].size()) > bytes.size())
        break;
    sent.resize(whole);
    RC_ASSERT(got == sent);
  }));
}

TEST_CASE("two ends talk both ways at once") {
  link_pair p = pair();
  CHECK(p.a.peer().name == "b");
  CHECK(p.b.peer().name == "a");
  const std::string large(most, 'x');
  const auto received = [&](tls_link& at) {
    const auto message = at.receive(soon());
    return message && *message == large;
  };
  auto other = std::async(std::launch::async, [&] {
    bool good = true;
    for (int i = 0; i < 4; ++i)
      good = received(p.b) && p.b.send(large, soon()) && good;
    return good;
  });
  for (int i = 0; i < 4; ++i) {
    CHECK(p.a.send(large, soon()));
    CHECK(received(p.a));
  }
  CHECK(other.get());
}

TEST_CASE("what is no message is neither sent nor received") {
  {
    link_pair p = pair();
    CHECK_FALSE(p.a.send("", soon()));
    const auto refused = p.a.send(std::string(most + 1, 'x'), soon());
    REQUIRE(!refused);
    CHECK(refused.error().what ==
          "a message of 1048577 bytes cannot be sent: the maximum is 1048576");
  }
  for (const std::size_t length : {std::size_t{0}, most + 1, std::size_t{0xFFFFFFFF}}) {
    link_pair p = pair();
    raw_end from(std::move(p.a));
    from.write(with_length("abc", length));
    const auto received = p.b.receive(soon());
    REQUIRE(!received);
    CHECK_THAT(received.error().what,
               Catch::Matchers::EndsWith("sent a message of " + std::to_string(length) +
                                         " bytes, which is invalid"));
  }
}

TEST_CASE("an end that stops in mid-message is left at the deadline, one that closes at once") {
  for (const std::size_t sent : {std::size_t{0}, std::size_t{2}, std::size_t{4}, std::size_t{10}}) {
    link_pair p = pair();
    raw_end from(std::move(p.a));
    const std::string bytes = with_length("a message", 9);
    if (sent > 0)
      from.write(std::string_view(bytes).substr(0, sent));
    const auto late = p.b.receive(within(20ms));
    REQUIRE(!late);
    CHECK(late.error().what == p.b.address() + " does not answer");
    CHECK(late.error().retry);
    from.close();
    const auto gone = p.b.receive(soon());
    REQUIRE(!gone);
    CHECK(gone.error().what == p.b.address() + ": the peer closed the connection");
  }
}

TEST_CASE("who does not read is left at the deadline") {
  link_pair p = pair();
  const std::string large(most, 'x');
  result<void> sent;
  for (int i = 0; sent && i < 100; ++i)
    sent = p.a.send(large, within(50ms));
  REQUIRE(!sent);
  CHECK(sent.error().what == p.a.address() + " does not answer");
}

TEST_CASE("a link at rest is disturbed by a message, and by its end") {
  link_pair p = pair();
  CHECK_FALSE(p.a.disturbed());
  CHECK_FALSE(p.b.disturbed());
  REQUIRE(p.a.send("hello", soon()));
  REQUIRE(wait_for(p.b.socket(), POLLIN, soon()));
  CHECK(p.b.disturbed());
  CHECK_FALSE(p.a.disturbed());
  REQUIRE(p.b.receive(soon()));
  CHECK_FALSE(p.b.disturbed());
  { const tls_link gone = std::move(p.a); }
  REQUIRE(wait_for(p.b.socket(), POLLIN, soon()));
  CHECK(p.b.disturbed());
}

TEST_CASE("an end that says no more is drained, not more than a little at a time") {
  link_pair p = pair();
  p.b.end_writing();
  CHECK_FALSE(p.b.drained());
  const std::string much(100'000, 'x');
  REQUIRE(::send(p.a.socket(), much.data(), much.size(), 0) > 50'000);
  REQUIRE(wait_for(p.b.socket(), POLLIN, soon()));
  CHECK_FALSE(p.b.drained()); // would go on for ever with an end that never stops
  CHECK(wait_for(p.b.socket(), POLLIN, within(0ms)));
  { const tls_link gone = std::move(p.a); }
  bool done = false;
  for (int i = 0; i < 1000 && !done; ++i) {
    wait_for(p.b.socket(), POLLIN, soon());
    done = p.b.drained();
  }
  CHECK(done);
}
