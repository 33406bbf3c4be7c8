// A server on a real socket, in the hands of a test.
#pragma once

#include "support/catch.hpp"

#include <cstring>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace support {

/// One end of a connection.
class connection {
public:
  explicit connection(int socket) : socket_(socket) {}
  connection(connection&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~connection() { close(); }

  /// False when the other end has gone.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0)
        return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// How much of it the system takes without waiting.
  std::size_t send_some(std::string_view text) {
    const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  /// Reads until the text has come; false if the other end closed before.
  bool read_to(std::string_view text) {
    char next = 0;
    while (received_.find(text) == std::string::npos)
      if (::recv(socket_, &next, 1, 0) == 1)
        received_ += next;
      else
        return false;
    return true;
  }
  const std::string& received() const { return received_; }
  /// Waits until the other end has closed.
  void wait_for_end() {
    char ignored = 0;
    while (::recv(socket_, &ignored, 1, 0) > 0) {
    }
  }
  void close() {
    if (socket_ >= 0)
      ::close(std::exchange(socket_, -1));
  }
  /// Closes without an orderly end: the other end gets an error.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

private:
  int socket_;
  std::string received_;
};

/// Listens on a free port of the loopback device, or on a path.
class line_server {
public:
  line_server() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listen(here);
    socklen_t size = sizeof here;
    REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&here), &size) == 0);
    address_ = "tcp://127.0.0.1:" + std::to_string(ntohs(here.sin_port));
  }
  explicit line_server(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un here{};
    here.sun_family = AF_UNIX;
    std::strncpy(here.sun_path, path.c_str(), sizeof here.sun_path - 1);
    listen(here);
    address_ = "unix:" + path;
  }
  ~line_server() { ::close(socket_); }

  const std::string& address() const { return address_; }
  connection accept() {
    const int accepted = ::accept(socket_, nullptr, nullptr);
    REQUIRE(accepted >= 0);
    return connection{accepted};
  }

private:
  template <class Address>
  void listen(const Address& here) {
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0);
    REQUIRE(::listen(socket_, 8) == 0);
  }

  int socket_;
  std::string address_;
};

} // namespace support
