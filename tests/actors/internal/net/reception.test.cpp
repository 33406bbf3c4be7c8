#include <leat/internal/net/reception.hpp>

#include "support/links.hpp"

#include <atomic>
#include <future>
#include <set>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// A reception of the node "host".
struct house : no_sigpipe {
  explicit house(std::chrono::milliseconds patience = 20s)
      : own(folder.of("host")), at(open(patience)) {}
  reception open(std::chrono::milliseconds patience) const {
    auto opened = reception::open(any_port, own, patience);
    REQUIRE(opened);
    return std::move(*opened);
  }
  /// Waits for guests, while others connect.
  std::future<std::vector<reception::arrival>> arrivals(std::size_t count,
                                                        deadline until = soon()) {
    return std::async(std::launch::async, [=, this] {
      std::vector<reception::arrival> all;
      while (all.size() < count && !has_passed(until))
        for (auto& a : at.wait(until))
          all.push_back(std::move(a));
      return all;
    });
  }

  authority_folder folder{{"host", "a", "b", "c"}};
  credentials own;
  reception at;
};

} // namespace

TEST_CASE("guests arrive with their names and first messages, whoever else is slow") {
  house h;
  auto arrived = h.arrivals(3);
  const credentials a = h.folder.of("a");
  const tls_link slow = linked(h.at.address(), a); // says nothing
  const owned_socket mute = connected(h.at.address());
  std::vector<tls_link> links;
  for (const char* name : {"a", "b", "c"}) {
    const credentials own = h.folder.of(name);
    links.push_back(linked(h.at.address(), own));
    REQUIRE(links.back().send(std::string("I am ") + name, soon()));
  }
  std::set<std::string> told;
  for (auto& guest : arrived.get()) {
    told.insert(guest.link.peer().name + ": " + guest.message);
    REQUIRE(guest.link.send("welcome", soon()));
  }
  CHECK(told == std::set<std::string>{"a: I am a", "b: I am b", "c: I am c"});
  for (tls_link& l : links)
    CHECK(*l.receive(soon()) == "welcome");
  CHECK(h.at.take_refusals().empty());
}

TEST_CASE("a guest that says nothing is dropped after some time") {
  house h(50ms);
  const owned_socket mute = connected(h.at.address());
  for (int round = 0; round < 200 && !wait_for(mute.get(), POLLIN, within(0ms)); ++round)
    CHECK(h.at.wait(within(20ms)).empty());
  char byte = 0;
  CHECK(::recv(mute.get(), &byte, 1, 0) == 0);
  const auto why = h.at.take_refusals();
  REQUIRE(why.size() == 1);
  CHECK(why[0].what == local_address(mute.get()).text() + " connected, and said nothing");
}

TEST_CASE("a guest is turned away before a long first message is read") {
  house h;
  const credentials a = h.folder.of("a");
  for (const std::size_t size : {16 * 1024, 16 * 1024 + 1}) {
    auto arrived = h.arrivals(1, within(size > 16 * 1024 ? 200ms : 20s));
    tls_link link = linked(h.at.address(), a);
    REQUIRE(link.send(std::string(size, 'x'), soon()));
    CHECK(arrived.get().size() == (size > 16 * 1024 ? 0 : 1));
  }
  const auto why = h.at.take_refusals();
  REQUIRE(why.size() == 1);
  CHECK(why[0].what.find("sent a message of 16385 bytes, which is invalid") != std::string::npos);
}

TEST_CASE("a guest that has gone before it was received is turned away without an address") {
  house h;
  owned_socket gone = connected(h.at.address());
  const linger reset{1, 0};
  REQUIRE(::setsockopt(gone.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
  gone = owned_socket();
  CHECK(h.at.wait(within(50ms)).empty());
  const auto why = h.at.take_refusals();
  REQUIRE(why.size() == 1);
  CHECK(why[0].what.starts_with("a peer that is gone: "));
}

TEST_CASE("strangers are turned away, and no more of them is kept than is read") {
  house h;
  const authority_folder foreign({"a"});
  const credentials of_foreign = foreign.of("a");
  for (int round = 0; round < 20; ++round) {
    auto nobody = h.arrivals(1, within(30ms));
    tls_link link(connected(h.at.address()), of_foreign, false);
    const auto met = link.meet(soon());
    CHECK_FALSE((met && link.receive(soon())));
    CHECK(nobody.get().empty());
  }
  CHECK(h.at.take_refusals().size() == 16);
  CHECK(h.at.take_refusals().empty());
}

TEST_CASE("of too many guests the oldest is dropped") {
  house h;
  std::vector<owned_socket> mute;
  for (int i = 0; i < 70; ++i) {
    mute.push_back(connected(h.at.address()));
    CHECK(h.at.wait(within(1ms)).empty());
  }
  for (int i = 0; i < 70; ++i) {
    char byte = 0;
    const bool closed = wait_for(mute[i].get(), POLLIN, within(i < 6 ? 1000ms : 0ms)) &&
                        ::recv(mute[i].get(), &byte, 1, 0) == 0;
    CHECK(closed == (i < 6));
  }
  CHECK(h.at.take_refusals().size() == 6);
}

TEST_CASE("a stranger that never stops talking keeps nobody else from arriving") {
  house h;
  auto arrived = h.arrivals(1);
  std::atomic<bool> over = false;
  auto flood = std::async(std::launch::async, [&, socket = connected(h.at.address())] {
    const std::string much(256 * 1024, 'x'); // no TLS
    const deadline until = soon();
    while (!over && !has_passed(until)) {
      if (::send(socket.get(), much.data(), much.size(), MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        return;
      wait_for(socket.get(), POLLOUT, within(100ms));
    }
  });
  const credentials a = h.folder.of("a");
  tls_link link = linked(h.at.address(), a);
  REQUIRE(link.send("hello", soon()));
  const auto guests = arrived.get();
  over = true;
  flood.get();
  REQUIRE(guests.size() == 1);
  CHECK(guests[0].link.peer().name == "a");
}
