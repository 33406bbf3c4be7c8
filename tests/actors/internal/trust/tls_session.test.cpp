#include <leat/internal/trust/tls_session.hpp>

#include "support/tls.hpp"

#include <atomic>
#include <openssl/x509v3.h>
#include <rapidcheck.h>
#include <thread>

using namespace leat;
using namespace support;
using Catch::Matchers::StartsWith;

namespace {

constexpr auto refused = "the peer refused this node's certificate: ";

/// A stranger with this certificate at one end, `honest` at the other.
struct meeting {
  std::string of_stranger;
  std::string of_honest;
};

meeting meet(const credentials& honest, bool stranger_accepts, const std::string& certificate = {},
             const std::string& key = {}, int newest = TLS1_3_VERSION) {
  const socket_pair sockets;
  const tls_session there = stranger(sockets.at[0], stranger_accepts, certificate, key, newest);
  const tls_session here = honest.begin(sockets.at[1], !stranger_accepts);
  const faults found = stranger_accepts ? shake_hands(*here, *there) : shake_hands(*there, *here);
  CHECK(!peer_of(*here));
  return stranger_accepts ? meeting{found.accepting, found.connecting}
                          : meeting{found.connecting, found.accepting};
}

} // namespace

TEST_CASE("two nodes of a cluster learn each other's name") {
  const authority_folder folder({"a", "b"});
  const credentials a = folder.of("a");
  const credentials b = folder.of("b");
  const socket_pair sockets;
  const tls_session at_a = a.begin(sockets.at[0], false);
  const tls_session at_b = b.begin(sockets.at[1], true);
  CHECK(!peer_of(*at_a));
  const faults found = shake_hands(*at_a, *at_b);
  CHECK(found.connecting.empty());
  CHECK(found.accepting.empty());
  REQUIRE((peer_of(*at_a) && peer_of(*at_b)));
  CHECK(*peer_of(*at_a) == node_identity{"b", "prod"});
  CHECK(*peer_of(*at_b) == node_identity{"a", "prod"});
  CHECK(SSL_version(at_a.get()) == TLS1_3_VERSION);

  CHECK(SSL_SESSION_is_resumable(SSL_get0_session(at_a.get())) == 0);

  CHECK(SSL_write(at_a.get(), "hello", 5) == 5);
  char text[6] = {};
  CHECK(SSL_read(at_b.get(), text, 5) == 5);
  CHECK(std::string(text) == "hello");
  SSL_shutdown(at_a.get());
  CHECK(step(*at_b) == "the peer closed the connection");
}

TEST_CASE("one node's credentials serve many threads") {
  const authority_folder folder({"a", "b"});
  const credentials a = folder.of("a");
  const credentials b = folder.of("b");
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        std::array<int, 2> sockets{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets.data()) != 0)
          return;
        {
          const tls_session at_a = a.begin(sockets[0], false);
          const tls_session at_b = b.begin(sockets[1], true);
          for (int turn = 0; turn < 4; ++turn)
            SSL_do_handshake(at_a.get()), SSL_do_handshake(at_b.get());
          const auto met = peer_of(*at_b);
          good += met && met->name == "a";
        }
        ::close(sockets[0]), ::close(sockets[1]);
      }
    });
  for (std::thread& t : threads)
    t.join();
  CHECK(good == 40);
}

TEST_CASE("nodes of different authorities refuse each other, even if all names are the same") {
  const authority_folder here({"a", "b"});
  const authority_folder there({"a", "b"});
  const socket_pair sockets;
  const tls_session connecting = here.of("a").begin(sockets.at[0], false);
  const tls_session accepting = there.of("b").begin(sockets.at[1], true);
  const faults found = shake_hands(*connecting, *accepting);
  CHECK(found.connecting ==
        "the peer's certificate for \"b\" is not signed by the authority in ca.pem");
  CHECK(found.accepting == refused + std::string("it is not signed by the peer's authority"));
}

TEST_CASE("a stranger with a wrong certificate is refused at both ends") {
  using namespace std::chrono_literals;
  const authority_folder folder({"a", "odd"});
  const authority_folder foreign({"odd"});
  const credentials honest = folder.of("a");
  const bool accepts = GENERATE(false, true);
  CAPTURE(accepts);
  const auto met = [&] {
    return meet(honest, accepts, folder.file("odd.pem"), folder.file("odd.key"));
  };
  SECTION("of a foreign authority") {
    const meeting m = meet(honest, accepts, foreign.file("odd.pem"), foreign.file("odd.key"));
    CHECK(m.of_honest ==
          "the peer's certificate for \"odd\" is not signed by the authority in ca.pem");
    CHECK(m.of_stranger == refused + std::string("it is not signed by the peer's authority"));
  }
  SECTION("expired") {
    folder.alter("odd", [](X509& c) { X509_gmtime_adj(X509_getm_notAfter(&c), -60); });
    const meeting m = met();
    CHECK_THAT(m.of_honest, StartsWith("the peer's certificate for \"odd\" expired on 2"));
    CHECK(m.of_stranger == refused + std::string("it has expired"));
  }
  SECTION("not valid yet") {
    folder.alter("odd", [](X509& c) { X509_gmtime_adj(X509_getm_notBefore(&c), 3600); });
    const meeting m = met();
    CHECK_THAT(m.of_honest, StartsWith("the peer's certificate for \"odd\" is not valid before 2"));
    CHECK_THAT(m.of_stranger, StartsWith(refused + std::string("it is invalid there, or not")));
  }
  SECTION("of another cluster") {
    folder.alter("odd", [](X509& c) { rename(c, NID_organizationName, "test"); });
    const meeting m = met();
    CHECK(m.of_honest ==
          "the peer's certificate for \"odd\" is of the cluster \"test\", not of \"prod\"");
    CHECK_THAT(m.of_stranger, StartsWith("the peer refused this node: it is of another cluster"));
  }
  SECTION("with two names") {
    folder.alter("odd", [](X509& c) { add_name(c, NID_commonName, "a"); });
    const meeting m = met();
    CHECK(m.of_honest == "the peer's certificate has more than one common name (CN)");
    CHECK_THAT(m.of_stranger, StartsWith("the peer refused this node"));
  }
  SECTION("for nothing in particular") {
    folder.alter("odd", [](X509& c) { remove_extension(c, NID_ext_key_usage); });
    const meeting m = met();
    CHECK(m.of_honest == "the peer's certificate for \"odd\" is not made for nodes of a cluster");
    CHECK(m.of_stranger == refused + std::string("it is not made for nodes of a cluster"));
  }
  SECTION("that is the authority's own") {
    const meeting m = meet(honest, accepts, folder.file("ca.pem"), folder.file("ca.key"));
    CHECK(m.of_honest == "the peer's certificate is not made for nodes of a cluster");
    CHECK(m.of_stranger == refused + std::string("it is not made for nodes of a cluster"));
  }
}

TEST_CASE("a stranger without a certificate is refused at both ends") {
  const authority_folder folder({"a"});
  const credentials honest = folder.of("a");
  const meeting connecting = meet(honest, false);
  CHECK(connecting.of_honest == "the peer has no certificate");
  CHECK(connecting.of_stranger == refused + std::string("there is none"));
  const meeting accepting = meet(honest, true);
  CHECK(!accepting.of_stranger.empty());
  CHECK_THAT(accepting.of_honest, StartsWith("the peer does not use TLS 1.3, or has no"));
}

TEST_CASE("a stranger with an older TLS is refused at both ends") {
  const authority_folder folder({"a", "b"});
  const bool accepts = GENERATE(false, true);
  const meeting m =
      meet(folder.of("a"), accepts, folder.file("b.pem"), folder.file("b.key"), TLS1_2_VERSION);
  CHECK_THAT(m.of_honest, StartsWith("the peer does not use TLS 1.3"));
  CHECK_THAT(m.of_stranger, StartsWith("the peer does not use TLS 1.3"));
}

TEST_CASE("bytes that are no TLS end a session, whatever they are") {
  const authority_folder folder({"a"});
  const credentials honest = folder.of("a");
  const auto fault_of = [&](const std::string& bytes, bool accepts) {
    const socket_pair sockets;
    const tls_session here = honest.begin(sockets.at[1], accepts);
    if (!accepts)
      step(*here);
    REQUIRE(::write(sockets.at[0], bytes.data(), bytes.size()) ==
            static_cast<ssize_t>(bytes.size()));
    ::shutdown(sockets.at[0], SHUT_WR);
    std::string fault;
    for (int round = 0; round < 10 && fault.empty(); ++round)
      fault = step(*here);
    CHECK(!peer_of(*here));
    return fault;
  };
  const bool accepts = GENERATE(false, true);
  CHECK_THAT(fault_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n", accepts),
             StartsWith("the peer does not use TLS 1.3 ("));
  CHECK(fault_of("", accepts) == "the peer closed the connection");
  CHECK(rc::check([&] {
    const auto bytes = *rc::gen::arbitrary<std::string>();
    RC_ASSERT(!fault_of(bytes, accepts).empty());
  }));
}

TEST_CASE("a first flight with a wrong byte ends in an error or waits, and proves nothing") {
  const authority_folder folder({"a", "b"});
  const credentials honest = folder.of("a");
  std::string hello(4096, '\0');
  {
    const socket_pair sockets;
    const tls_session from = folder.of("b").begin(sockets.at[0], false);
    step(*from);
    const ssize_t size = ::read(sockets.at[1], hello.data(), hello.size());
    REQUIRE(size > 100);
    hello.resize(static_cast<std::size_t>(size));
  }
  CHECK(rc::check([&] {
    std::string bytes = hello;
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
    const socket_pair sockets;
    const tls_session here = honest.begin(sockets.at[1], true);
    RC_ASSERT(::write(sockets.at[0], bytes.data(), bytes.size()) ==
              static_cast<ssize_t>(bytes.size()));
    ::shutdown(sockets.at[0], SHUT_WR);
    std::string fault;
    for (int round = 0; round < 4 && fault.empty(); ++round)
      fault = step(*here);
    RC_ASSERT(!fault.empty());
    RC_ASSERT(!peer_of(*here));
  }));
}
