#include <leat/internal/net/tcp.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/net/owned_socket.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <linux/tcp.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace leat {

namespace {

constexpr int probe_after_s = 1;
constexpr std::size_t longest_host = 253; // of a name in the DNS
constexpr int waiting_connections = 64;

using addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

std::string reason(int code) { return std::generic_category().message(code); }

result<addresses> resolve(const node_address& a, int flags = 0) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(a.host.c_str(), a.port.c_str(), &wanted, &found))
    return external_error(fmt::format("{}: {}", a.text(), ::gai_strerror(code)));
  return addresses(found, &::freeaddrinfo);
}

void set(int socket, int level, int option, int value) {
  ::setsockopt(socket, level, option, &value, sizeof value);
}

// A job hears of a lost host within three seconds.
std::atomic<std::chrono::milliseconds> lost_after_ = std::chrono::milliseconds{2000};

void watch(int socket) {
  const auto unanswered_probes = std::chrono::ceil<std::chrono::seconds>(lost_after()).count();
  set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(socket, IPPROTO_TCP, TCP_KEEPIDLE, probe_after_s);
  set(socket, IPPROTO_TCP, TCP_KEEPINTVL, probe_after_s);
  set(socket, IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(unanswered_probes));
}

// All zero if nothing is known.
tcp_info info_of(int socket) {
  tcp_info about{};
  socklen_t size = sizeof about;
  ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &about, &size);
  return about;
}

bool is_wildcard(const sockaddr& a) {
  if (a.sa_family == AF_INET)
    return reinterpret_cast<const sockaddr_in&>(a).sin_addr.s_addr == INADDR_ANY;
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(a).sin6_addr;
  return IN6_IS_ADDR_UNSPECIFIED(&v6) ||
         (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr32[3] == INADDR_ANY);
}

node_address as_text(const sockaddr_storage& of, socklen_t size) {
  char host[NI_MAXHOST] = "";
  char port[NI_MAXSERV] = "";
  ::getnameinfo(reinterpret_cast<const sockaddr*>(&of), size, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
  return {host, port};
}

} // namespace

result<node_address> node_address::parse(std::string_view text, bool any_port) {
  const auto wrong = [&] {
    return user_error(fmt::format("invalid address {}", shown(text)),
                      "HOST:PORT, for example 10.0.0.1:7000 or [::1]:7000");
  };
  const auto colon = text.rfind(':');
  if (colon == text.npos)
    return wrong();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed)
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != host.npos)
    return wrong();
  const bool good_host =
      !host.empty() && host.size() <= longest_host &&
      std::ranges::all_of(host, [](char c) { return c > ' ' && c <= '~' && c != '[' && c != ']'; });
  if (!good_host || fault != std::errc{} || end != port.data() + port.size() ||
      (number == 0 && !any_port))
    return wrong();
  return node_address{std::string(host), std::string(port)};
}

std::string node_address::text() const {
  return host.find(':') == host.npos ? fmt::format("{}:{}", host, port)
                                     : fmt::format("[{}]:{}", host, port);
}

bool node_address::is_wildcard() const {
  const auto found = resolve(*this, AI_NUMERICHOST);
  return found && leat::is_wildcard(*(*found)->ai_addr);
}

deadline within(std::chrono::milliseconds patience) {
  return std::chrono::steady_clock::now() + patience;
}

bool has_passed(deadline until) { return std::chrono::steady_clock::now() >= until; }

int poll_timeout(deadline until) {
  constexpr std::int64_t longest = std::numeric_limits<int>::max();
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, longest));
}

std::chrono::milliseconds lost_after() { return lost_after_; }

void set_lost_after(std::chrono::milliseconds silence) { lost_after_ = silence; }

result<owned_socket> listen_on(const node_address& at) {
  const auto found = resolve(at, AI_PASSIVE);
  if (!found)
    return found.error();
  const addrinfo& a = **found;
  owned_socket s(::socket(a.ai_family, a.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (s)
    set(s.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (!s || ::bind(s.get(), a.ai_addr, a.ai_addrlen) != 0 ||
      ::listen(s.get(), waiting_connections) != 0)
    return external_error(fmt::format("cannot listen on {}: {}", at.text(), reason(errno)));
  return s;
}

result<owned_socket> connect_to(const node_address& to, deadline until) {
  const auto found = resolve(to);
  if (!found)
    return found.error();
  std::string why = "the host has no address";
  for (const addrinfo* a = found->get(); a; a = a->ai_next) {
    owned_socket s(::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!s) {
      why = reason(errno);
      continue;
    }
    watch(s.get());
    const deadline answered_by = within(lost_after());
    int code = ::connect(s.get(), a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    if (code == EINPROGRESS) {
      socklen_t size = sizeof code;
      if (!wait_for(s.get(), POLLOUT, std::min(until, answered_by)))
        code = ETIMEDOUT;
      else
        ::getsockopt(s.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    }
    if (code == 0)
      return s;
    why = reason(code);
  }
  return external_error(fmt::format("cannot connect to {}: {}", to.text(), why), {}, true);
}

owned_socket accept_from(int listening) {
  owned_socket s(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (s)
    watch(s.get());
  return s;
}

node_address local_address(int socket) {
  sockaddr_storage found{};
  socklen_t size = sizeof found;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&found), &size);
  return as_text(found, size);
}

node_address remote_address(int socket) {
  sockaddr_storage found{};
  socklen_t size = sizeof found;
  ::getpeername(socket, reinterpret_cast<sockaddr*>(&found), &size);
  return as_text(found, size);
}

std::chrono::milliseconds silent_for(int socket) {
  const tcp_info about = info_of(socket);
  return std::chrono::milliseconds{std::min(about.tcpi_last_data_recv, about.tcpi_last_ack_recv)};
}

std::uint64_t segments_received(int socket) { return info_of(socket).tcpi_data_segs_in; }

bool has_hung_up(int socket) {
  pollfd p{socket, POLLRDHUP, 0};
  return ::poll(&p, 1, 0) > 0;
}

bool wait_for(int socket, short events, deadline until) {
  for (;;) {
    pollfd p{socket, events, 0};
    const int ready = ::poll(&p, 1, poll_timeout(until));
    if (ready > 0)
      return true;
    if (ready == 0 ? has_passed(until) : errno != EINTR)
      return false;
  }
}

} // namespace leat
