// The TLS between two nodes: who is at the other end, and why there is nobody.
#pragma once

#include <leat/internal/trust/node_identity.hpp>

#include <memory>
#include <string>

struct ssl_st;     // SSL of OpenSSL
struct ssl_ctx_st; // SSL_CTX

namespace leat {

struct tls_deleter {
  void operator()(ssl_st* session) const;
  void operator()(ssl_ctx_st* context) const;
};

/// One end of a connection; made by credentials::begin(). One thread at a time.
using tls_session = std::unique_ptr<ssl_st, tls_deleter>;

/// The node at the other end, after the handshake.
result<node_identity> peer_of(const ssl_st& session);

/// One plain sentence, without a full stop, on why a call (SSL_do_handshake, SSL_read, SSL_write)
/// failed that returned `returned`. To be asked at once, by the same thread, and only if
/// SSL_get_error() asks for neither reading nor writing; ERR_clear_error() must have been called
/// before the failed call. Empties OpenSSL's queue of errors.
///
/// The end that connects completes its handshake before the other end looks at its certificate:
/// that it was refused is what its first read fails with.
std::string tls_fault(const ssl_st& session, int returned);

/// Lets sessions of this context talk only to nodes of their own cluster that have a certificate by
/// an authority of the context's store: at both ends, within the handshake.
void require_nodes(ssl_ctx_st& context);

} // namespace leat
