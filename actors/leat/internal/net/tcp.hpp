// TCP connections between hosts.
#pragma once

#include <leat/error.hpp>
#include <leat/internal/net/owned_socket.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace leat {

/// Where a node listens: "host:port", or "[::1]:9000".
struct node_address {
  std::string host;
  std::string port;

  /// Port 0 is any free one, and an error unless `any_port`.
  static result<node_address> parse(std::string_view text, bool any_port = false);
  std::string text() const;
  /// True for 0.0.0.0 and its like: all addresses of a host, which name none to others.
  bool is_wildcard() const;
};

/// A time by which to give up; deadline::max() is never.
using deadline = std::chrono::steady_clock::time_point;
deadline within(std::chrono::milliseconds patience);
bool has_passed(deadline until);
/// How long poll() is to wait at most: that may be less than until the deadline.
int poll_timeout(deadline until);

/// For how long another host may be silent before it is taken for lost: two seconds, unless set
/// before this process has connections. From any thread.
std::chrono::milliseconds lost_after();
void set_lost_after(std::chrono::milliseconds silence);

/// A socket that listens. Non-blocking.
result<owned_socket> listen_on(const node_address& at);
/// A connected socket; an error if the host does not answer within lost_after(). Non-blocking, and
/// set to find out soon after that time that the other host cannot be reached any more, while
/// nothing is sent.
result<owned_socket> connect_to(const node_address& to, deadline until);
/// The next connection of a socket that listens, like that of connect_to(); empty if there is none.
owned_socket accept_from(int listening);

/// Own address of a socket.
node_address local_address(int socket);
/// Address of the other end of a connected socket; empty once that has reset the connection.
node_address remote_address(int socket);

/// True if the other end has closed it, or has not answered for seconds.
bool has_hung_up(int socket);

/// For how long nothing has come over a connection: neither data nor what acknowledges own.
std::chrono::milliseconds silent_for(int socket);

/// How many segments with data have ever come over a connection, also behind a gap; 0 if that is
/// not known.
std::uint64_t segments_received(int socket);

/// Waits until the socket is ready; false if the time was up before.
bool wait_for(int socket, short events, deadline until);

} // namespace leat
