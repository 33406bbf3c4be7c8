// Links between two ends in one process, over TCP on this host.
#pragma once

#include <leat/internal/net/link.hpp>

#include "support/tls.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <functional>
#include <mutex>
#include <poll.h>
#include <string>
#include <vector>

namespace support {

/// Within which what should happen does, also on a slow machine.
inline leat::deadline soon() { return leat::within(std::chrono::seconds{20}); }

inline const leat::node_address any_port{"127.0.0.1", "0"};

/// As programs do: writing to what the other end has closed is an error, not a signal.
struct no_sigpipe {
  no_sigpipe() { std::signal(SIGPIPE, SIG_IGN); }
};

inline leat::owned_socket connected(const leat::node_address& to) {
  auto socket = leat::connect_to(to, soon());
  INFO((socket ? "" : socket.error().what));
  REQUIRE(socket);
  return std::move(*socket);
}

/// Two connected sockets.
struct tcp_pair {
  tcp_pair() {
    auto listening = leat::listen_on(any_port);
    REQUIRE(listening);
    connecting = connected(leat::local_address(listening->get()));
    REQUIRE(leat::wait_for(listening->get(), POLLIN, soon()));
    accepting = leat::accept_from(listening->get());
    REQUIRE(accepting);
  }
  leat::owned_socket connecting;
  leat::owned_socket accepting;
};

/// Two ends that have met: a, which has connected, and b.
struct link_pair : no_sigpipe {
  link_pair(const leat::credentials& of_a, const leat::credentials& of_b)
      : link_pair({}, of_a, of_b) {
    for (int round = 0; round < 100 && (a.peer().name.empty() || b.peer().name.empty()); ++round) {
      REQUIRE(a.shake_hands());
      REQUIRE(b.shake_hands());
    }
  }
  leat::tls_link a;
  leat::tls_link b;

private:
  link_pair(tcp_pair sockets, const leat::credentials& of_a, const leat::credentials& of_b)
      : a(std::move(sockets.connecting), of_a, false), b(std::move(sockets.accepting), of_b, true) {
  }
};

/// A link to a node that listens.
inline leat::tls_link linked(const leat::node_address& to, const leat::credentials& by) {
  leat::tls_link link(connected(to), by, false);
  const auto met = link.meet(soon());
  INFO((met ? "" : met.error().what));
  REQUIRE(met);
  return link;
}

/// What is told by one thread, and awaited by another.
class told_lines {
public:
  void operator()(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  /// Waits until so many lines have this in them.
  bool wait_for(const std::string& part, std::ptrdiff_t times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, soon(), [&] {
      return times <= std::ranges::count_if(
                          lines_, [&](const std::string& l) { return l.find(part) != l.npos; });
    });
  }
  std::function<void(std::string)> function() {
    return [this](std::string line) { (*this)(std::move(line)); };
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

} // namespace support
