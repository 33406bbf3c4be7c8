#include <leat/connectors/socket/line_connection.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/quantities.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace leat {
namespace {

error system_reason(int code) { return external_error(std::generic_category().message(code)); }

/// A silent peer is found out by the system, and one that does not answer by this time.
void watch(int socket) {
  constexpr int yes = 1;
  const timeval patience{5, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); // of connect()
}

} // namespace

result<socket_address> socket_address::parse(std::string_view text) {
  const auto wrong = [&] {
    return user_error(fmt::format("{} is not a valid address of a server", shown(text)),
                      "write tcp://host:port or unix:/path");
  };
  socket_address address;
  address.text = text;
  if (text.starts_with("unix:")) {
    address.path = text.substr(5);
    if (address.path.empty() || address.path.size() >= sizeof(sockaddr_un::sun_path))
      return wrong();
    return address;
  }
  if (!text.starts_with("tcp://"))
    return wrong();
  std::string_view rest = text.substr(6);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos)
    return wrong();
  address.port = rest.substr(colon + 1);
  rest = rest.substr(0, colon);
  const bool bracketed = rest.starts_with('[') && rest.ends_with(']');
  address.host = bracketed ? rest.substr(1, rest.size() - 2) : rest;
  const bool digits = std::all_of(address.port.begin(), address.port.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  if (address.host.empty() || address.port.empty() || address.port.size() > 5 || !digits ||
      std::stoi(address.port) > 65535 ||
      (!bracketed && address.host.find(':') != std::string::npos))
    return wrong();
  return address;
}

line_reader* line_connection::connect(const std::function<void(std::string)>& tell) {
  while (wait(tell)) {
    const auto opened = open();
    if (opened)
      return &reader_.emplace(line_reader::adopt(to_.text, *opened, options_.max_line));
    broke(opened.error().what);
  }
  return nullptr;
}

void line_connection::broke(std::string reason) {
  close();
  last_failure_ = std::move(reason);
  if (++failures_ == options_.attempts && !cancelled())
    throw failure(external_error(
        fmt::format("no lines from {} in {} attempts: {}", to_.text, failures_, last_failure_),
        "does the server run, and may we reach it?", true));
}

/// Nobody must shut down a number that is no longer ours.
void line_connection::close() {
  const std::lock_guard lock(mutex_);
  socket_ = -1;
  reader_.reset();
}

/// Doubles with each failure. False when cancelled.
bool line_connection::wait(const std::function<void(std::string)>& tell) {
  if (failures_ == 0) {
    tell(fmt::format("connecting to {}", to_.text));
    return !cancelled();
  }
  auto due = options_.first_wait;
  for (unsigned i = 1; i < failures_ && due < options_.longest_wait; ++i)
    due *= 2;
  due = std::min(due, options_.longest_wait);
  tell(fmt::format("connecting to {}: {}, next try in {}", to_.text, last_failure_,
                   duration_text(due)));
  std::unique_lock lock(mutex_);
  cancelled_now_.wait_for(lock, due, [this] { return cancelled_; });
  return !cancelled_;
}

void line_connection::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (socket_ >= 0)
    ::shutdown(socket_, SHUT_RDWR);
  cancelled_now_.notify_all();
}

bool line_connection::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

result<int> line_connection::open() { return to_.path.empty() ? open_tcp() : open_unix(); }

result<int> line_connection::open_unix() {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0)
    return system_reason(errno);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, to_.path.data(), to_.path.size());
  return connect_to(socket, &address, sizeof address);
}

/// Tries one address of the host after the other.
result<int> line_connection::open_tcp() {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(to_.host.c_str(), to_.port.c_str(), &wanted, &found))
    return external_error(::gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, &::freeaddrinfo};
  result<int> connected = external_error("the host has no address");
  for (const addrinfo* a = found; a && !connected && !cancelled(); a = a->ai_next) {
    const int socket = ::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    connected = socket < 0 ? result<int>{system_reason(errno)}
                           : connect_to(socket, a->ai_addr, a->ai_addrlen);
  }
  return connected;
}

/// Connects a socket, or closes it.
result<int> line_connection::connect_to(int socket, const void* address, std::size_t size) {
  watch(socket);
  {
    const std::lock_guard lock(mutex_);
    socket_ = socket;
    if (cancelled_)
      ::shutdown(socket, SHUT_RDWR);
  }
  if (::connect(socket, static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)) == 0 &&
      !cancelled())
    return socket;
  const int code = errno;
  const std::lock_guard lock(mutex_);
  socket_ = -1;
  ::close(socket);
  return system_reason(code);
}

} // namespace leat
