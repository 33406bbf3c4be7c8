// A connection between two nodes: a socket, and the TLS session on it where it leaves the host.
// Only the two nodes have an end of it: the socket was inherited, or both have proven who they are.
#pragma once

#include <leat/internal/net/tcp.hpp>
#include <leat/internal/trust/credentials.hpp>

#include <span>

namespace leat {

/// How an attempt to read or to write went: something was moved; nothing until the socket is ready
/// to be read, or written; or nothing any more.
enum class transfer { moved, wants_read, wants_write, closed };

/// Moves what it can without waiting, and says how much.
transfer read_some(ssl_st& session, std::span<char> to, std::size_t& moved);
transfer write_some(ssl_st& session, std::span<const char> from, std::size_t& moved);

/// Of a message, in bytes.
inline constexpr std::size_t most_message_bytes = 1 << 20;

/// A link under TLS whose handshake may be under way. Of one thread at a time; after a fault it is
/// of no use.
class tls_link {
public:
  /// `accepts`: the other end has connected to this one. The socket is connected and non-blocking.
  tls_link(owned_socket socket, const credentials& by, bool accepts);

  int socket() const { return socket_.get(); }
  /// Where the other end is.
  const std::string& address() const { return address_; }
  /// Who is at the other end, as its certificate says; once the handshake is done.
  const node_identity& peer() const { return peer_; }

  /// Goes on with the handshake. The events of poll() that it waits for; 0 when it is done.
  result<short> shake_hands();
  /// Reads into the buffer until a whole message is in it: true. Otherwise more is to come. An
  /// error if the message has more than `most` bytes, before they are read.
  result<bool> receive(std::size_t most = most_message_bytes);
  /// The message, once; after receive() has said that it is whole.
  std::string take_message() { return std::exchange(message_, {}); }

  // The same with waiting, until a time.
  result<void> meet(deadline until);
  result<std::string> receive(deadline until);
  /// A message is not empty, and has at most most_message_bytes.
  result<void> send(std::string_view message, deadline until);

  /// Nothing more is sent. What has not been read before the link is closed may keep the other end
  /// from reading what was sent last.
  void end_writing();
  /// Reads and forgets some of what has come; true when the other end has closed it.
  bool drained();

  /// True if the other end has closed it, or has said something unasked.
  bool disturbed() const;

  /// Gives both away: to who takes this over, and reads all the time.
  std::pair<owned_socket, tls_session> release() &&;

private:
  error fault() const;

  owned_socket socket_;
  std::string address_;
  tls_session session_; // before the socket is closed
  node_identity peer_;
  std::string received_; // of the message under way, its length included
  std::string message_;
};

} // namespace leat
