#include <leat/internal/net/tcp.hpp>

#include "support/links.hpp"

#include <future>
#include <limits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <rapidcheck.h>
#include <thread>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;

namespace {

std::string parsed(std::string_view text, bool any = false) {
  const auto a = node_address::parse(text, any);
  return a ? a->host + " " + a->port : "";
}

int option_of(const owned_socket& s, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  CHECK(::getsockopt(s.get(), IPPROTO_TCP, option, &value, &size) == 0);
  return value;
}

} // namespace

TEST_CASE("an address is a host and a port") {
  CHECK(parsed("10.0.0.1:7000") == "10.0.0.1 7000");
  CHECK(parsed("host.example:1") == "host.example 1");
  CHECK(parsed("[::1]:65535") == "::1 65535");
  CHECK(parsed("[fe80::1%eth0]:1") == "fe80::1%eth0 1");
  CHECK(parsed("a:0", true) == "a 0");
  for (const char* wrong : {"",      ":",     "a",     "a:",    ":1",      "a:0",       "a:65536",
                            "a:-1",  "a:+1",  "a: 1",  "a:1 ",  "a:1x",    "::1:7000",  "[]:1",
                            "[::1]", "a:b:1", "a b:1", "a\n:1", "a\x1b:1", "\xc3\xa4:1"}) {
    INFO(wrong);
    CHECK(parsed(wrong).empty());
  }
  CHECK(parsed(std::string(254, 'a') + ":1").empty());
  const auto wrong = node_address::parse("a\n:1");
  REQUIRE(!wrong);
  CHECK(to_string(wrong.error()) == "invalid address \"a\\x0A:1\"\n"
                                    "  hint: HOST:PORT, for example 10.0.0.1:7000 or [::1]:7000");
}

TEST_CASE("an address that is parsed has the same text") {
  CHECK(rc::check([] {
    const auto host = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab.:01[]")));
    const auto a = node_address::parse("[" + host + "]:7");
    if (!a)
      return;
    const auto again = node_address::parse(a->text());
    if (a->host.find(':') != host.npos) {
      RC_ASSERT(again);
      RC_ASSERT(again->host == a->host);
    }
  }));
}

TEST_CASE("an address of all interfaces is recognised however it is written") {
  for (const char* all : {"0.0.0.0", "0", "0x0", "::", "0:0::0", "::ffff:0.0.0.0"})
    CHECK(node_address{all, "7"}.is_wildcard());
  for (const char* one :
       {"127.0.0.1", "::1", "10.0.0.0", "::ffff:10.0.0.1", "localhost", "no host"})
    CHECK_FALSE(node_address{one, "7"}.is_wildcard());
}

TEST_CASE("two sockets reach each other, and tell their addresses") {
  const tcp_pair p;
  CHECK(local_address(p.connecting.get()).text() == remote_address(p.accepting.get()).text());
  CHECK(remote_address(p.connecting.get()).text() == local_address(p.accepting.get()).text());
  REQUIRE(::send(p.connecting.get(), "hello", 5, 0) == 5);
  REQUIRE(wait_for(p.accepting.get(), POLLIN, soon()));
  char text[8] = {};
  CHECK(::recv(p.accepting.get(), text, sizeof text, 0) == 5);
  CHECK(std::string(text) == "hello");
}

TEST_CASE("who cannot be reached, and where nobody can listen, is told with the address") {
  auto listening = listen_on(any_port);
  REQUIRE(listening);
  const node_address at = local_address(listening->get());
  CHECK_FALSE(accept_from(listening->get()));
  const auto taken = listen_on(at);
  REQUIRE(!taken);
  CHECK(taken.error().what == "cannot listen on " + at.text() + ": Address already in use");
  *listening = owned_socket();
  const auto nobody = connect_to(at, soon());
  REQUIRE(!nobody);
  CHECK(nobody.error().what == "cannot connect to " + at.text() + ": Connection refused");
  CHECK(nobody.error().retry);
  CHECK_FALSE(connect_to({"no host", "1"}, soon()));
  CHECK_FALSE(listen_on({"no host", "1"}));
}

TEST_CASE("waiting ends with the event, or at the deadline, however far that is") {
  const tcp_pair p;
  CHECK_FALSE(wait_for(p.accepting.get(), POLLIN, within(10ms)));
  CHECK_FALSE(wait_for(p.accepting.get(), POLLIN, within(-1s)));
  CHECK(has_passed(within(-1ms)));
  CHECK_FALSE(has_passed(deadline::max()));
  CHECK(poll_timeout(within(-1s)) == 0);
  CHECK(poll_timeout(deadline::max()) == std::numeric_limits<int>::max());
  const std::chrono::milliseconds far{(std::int64_t{1} << 32) + 20}; // 20 in an int
  CHECK(poll_timeout(within(far)) == std::numeric_limits<int>::max());
  auto written = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(60ms);
    return ::send(p.connecting.get(), "x", 1, 0);
  });
  CHECK(wait_for(p.accepting.get(), POLLIN, within(far)));
  CHECK(written.get() == 1);
}

TEST_CASE("a host that cannot be reached any more is noticed while nothing is sent") {
  const tcp_pair p;
  for (const owned_socket* s : {&p.connecting, &p.accepting}) {
    CHECK(option_of(*s, TCP_USER_TIMEOUT) == 0);
    CHECK(option_of(*s, TCP_KEEPIDLE) == 1);
    CHECK(option_of(*s, TCP_KEEPINTVL) == 1);
    CHECK(option_of(*s, TCP_KEEPCNT) == 2);
  }
}

TEST_CASE("a connection tells what has come over it, and when") {
  const tcp_pair p;
  CHECK(segments_received(p.accepting.get()) == 0);
  REQUIRE(::send(p.connecting.get(), "hello", 5, 0) == 5);
  REQUIRE(wait_for(p.accepting.get(), POLLIN, soon()));
  CHECK(segments_received(p.accepting.get()) == 1);
  CHECK(segments_received(p.connecting.get()) == 0);
  CHECK(segments_received(-1) == 0);
}

TEST_CASE("a host that is silent is asked, and answers") {
  const tcp_pair p;
  const deadline until = soon();
  std::chrono::milliseconds before{0};
  std::chrono::milliseconds now{0};
  while ((now = silent_for(p.connecting.get())) >= before && !has_passed(until)) {
    before = now;
    std::this_thread::sleep_for(1ms);
  }
  CHECK(now < before);
}
