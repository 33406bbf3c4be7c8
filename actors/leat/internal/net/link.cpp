#include <leat/internal/net/link.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

namespace leat {

namespace {

// A message is its length, as four bytes, and its bytes.
using length_type = std::uint32_t;

transfer state_after(ssl_st& session, int moved_or_fault) {
  switch (SSL_get_error(&session, moved_or_fault)) {
  case SSL_ERROR_NONE:
    return transfer::moved;
  case SSL_ERROR_WANT_READ:
    return transfer::wants_read;
  case SSL_ERROR_WANT_WRITE:
    return transfer::wants_write;
  default:
    return transfer::closed;
  }
}

short events_of(transfer t) {
  return static_cast<short>(t == transfer::wants_write ? POLLOUT : POLLIN);
}

// Who has reset the connection before it was accepted has no address any more.
std::string shown_address(int socket) {
  const node_address a = remote_address(socket);
  return a.host.empty() ? "a peer that is gone" : a.text();
}

error too_late(const std::string& address) {
  return external_error(address + " does not answer", {}, true);
}

} // namespace

// What is left of older faults in the thread's queue would be taken for one of this call.
transfer read_some(ssl_st& session, std::span<char> to, std::size_t& moved) {
  moved = 0;
  ERR_clear_error();
  return state_after(session, SSL_read_ex(&session, to.data(), to.size(), &moved));
}

transfer write_some(ssl_st& session, std::span<const char> from, std::size_t& moved) {
  moved = 0;
  ERR_clear_error();
  return state_after(session, SSL_write_ex(&session, from.data(), from.size(), &moved));
}

tls_link::tls_link(owned_socket socket, const credentials& by, bool accepts)
    : socket_(std::move(socket)), address_(shown_address(socket_.get())),
      session_(by.begin(socket_.get(), accepts)) {}

// Also of reads: who connects has done with the handshake before the other end looks at its
// certificate.
error tls_link::fault() const {
  return external_error(fmt::format("{}: {}", address_, tls_fault(*session_, 0)), {}, true);
}

result<short> tls_link::shake_hands() {
  ERR_clear_error();
  const transfer state = state_after(*session_, SSL_do_handshake(session_.get()));
  if (state == transfer::closed)
    return fault();
  if (state != transfer::moved)
    return events_of(state);
  auto who = peer_of(*session_);
  if (!who)
    return who.error();
  peer_ = std::move(*who);
  return short{0};
}

// Reads no byte beyond the message: what follows it is for whoever takes the link over.
result<bool> tls_link::receive(std::size_t most) {
  for (;;) {
    std::size_t size = sizeof(length_type);
    if (received_.size() >= size) {
      length_type length = 0;
      std::memcpy(&length, received_.data(), sizeof length);
      if (length == 0 || length > most)
        return external_error(
            fmt::format("{} sent a message of {} bytes, which is invalid", address_, length));
      size += length;
    }
    if (received_.size() == size && size > sizeof(length_type)) { // a length alone is none
      message_ = received_.substr(sizeof(length_type));
      received_.clear();
      return true;
    }
    char buffer[16 * 1024];
    std::size_t moved = 0;
    const std::size_t wanted = std::min(sizeof buffer, size - received_.size());
    const transfer state = read_some(*session_, {buffer, wanted}, moved);
    if (state == transfer::closed)
      return fault();
    if (state != transfer::moved)
      return false;
    received_.append(buffer, moved);
  }
}

result<void> tls_link::meet(deadline until) {
  for (;;) {
    const auto events = shake_hands();
    if (!events)
      return events.error();
    if (*events == 0)
      return {};
    if (!wait_for(socket(), *events, until))
      return too_late(address_);
  }
}

result<std::string> tls_link::receive(deadline until) {
  for (;;) {
    const auto whole = receive();
    if (!whole)
      return whole.error();
    if (*whole)
      return take_message();
    if (!wait_for(socket(), POLLIN, until))
      return too_late(address_);
  }
}

result<void> tls_link::send(std::string_view message, deadline until) {
  if (message.empty() || message.size() > most_message_bytes)
    return internal_error(fmt::format("a message of {} bytes cannot be sent: the maximum is {}",
                                      message.size(), most_message_bytes));
  std::string bytes(sizeof(length_type), '\0');
  const auto length = static_cast<length_type>(message.size());
  std::memcpy(bytes.data(), &length, sizeof length);
  bytes += message;
  for (std::span<const char> rest(bytes); !rest.empty();) {
    std::size_t moved = 0;
    const transfer state = write_some(*session_, rest, moved);
    if (state == transfer::closed)
      return fault();
    rest = rest.subspan(moved);
    if (state != transfer::moved && !wait_for(socket(), events_of(state), until))
      return too_late(address_);
  }
  return {};
}

void tls_link::end_writing() { ::shutdown(socket(), SHUT_WR); }

bool tls_link::drained() {
  char ignored[4096];
  const ssize_t count = ::recv(socket(), ignored, sizeof ignored, 0);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

std::pair<owned_socket, tls_session> tls_link::release() && {
  return {std::move(socket_), std::move(session_)};
}

bool tls_link::disturbed() const {
  pollfd p{socket(), POLLIN | POLLRDHUP, 0};
  return ::poll(&p, 1, 0) > 0;
}

} // namespace leat
