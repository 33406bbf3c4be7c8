// What a node proves with who it is: its certificate, its key, and the authority it trusts.
#pragma once

#include <leat/internal/trust/tls_session.hpp>

namespace leat {

/// Made by load(); may be used by several threads at once.
class credentials {
public:
  /// Reads FOLDER/ca.pem, FOLDER/NAME.pem and FOLDER/NAME.key. They must belong together, be valid
  /// now, and the key must be readable for its owner alone. Errors name the file.
  static result<credentials> load(const std::string& folder, const std::string& name);

  /// As the certificate says.
  const node_identity& own() const { return own_; }

  /// Begins TLS on a connected socket, which stays the caller's and must outlive the session:
  /// SSL_do_handshake() is next, which may block or not, as the socket does. Both ends need a
  /// certificate of this cluster by this authority, and TLS 1.3. Writing to a socket that the other
  /// end has closed raises SIGPIPE.
  tls_session begin(int socket, bool accepts) const;

private:
  using tls_context = std::unique_ptr<ssl_ctx_st, tls_deleter>;

  credentials(node_identity own, tls_context context)
      : own_(std::move(own)), context_(std::move(context)) {}

  node_identity own_;
  tls_context context_;
};

} // namespace leat
