// Certificates that no command makes, and handshakes of two ends within one thread.
#pragma once

#include <leat/internal/trust/certificates.hpp>
#include <leat/internal/trust/credentials.hpp>
#include <leat/internal/trust/pem_file.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace support {

inline constexpr leat::lifetime a_day{std::chrono::hours{24}};
inline constexpr leat::lifetime two_days{std::chrono::hours{48}};

/// A folder with an authority and certificates by it.
struct authority_folder {
  explicit authority_folder(std::vector<std::string> nodes = {}, std::string cluster = "prod",
                            leat::lifetime valid = two_days) {
    REQUIRE(leat::make_authority(path(), cluster, valid));
    for (const std::string& node : nodes)
      issue(node);
  }
  const std::string& path() const { return folder.path(); }
  std::string file(const std::string& name) const { return folder / name; }
  void issue(const std::string& node, leat::lifetime valid = a_day) const {
    REQUIRE(leat::issue_certificate(path(), node, valid));
  }
  leat::credentials of(const std::string& node) const {
    auto loaded = leat::credentials::load(path(), node);
    INFO((loaded ? "" : loaded.error().what));
    REQUIRE(loaded);
    return std::move(*loaded);
  }
  /// Changes a certificate and signs it anew.
  void alter(const std::string& node, const std::function<void(X509&)>& change) const {
    const auto old = leat::read_certificate(file(node + ".pem"));
    const auto key = leat::read_private_key(file("ca.key"));
    REQUIRE((old && key));
    change(**old);
    REQUIRE(X509_sign(old->get(), key->get(), EVP_sha256()) > 0);
    std::FILE* const to = std::fopen(file(node + ".pem").c_str(), "w");
    REQUIRE(to);
    CHECK(PEM_write_X509(to, old->get()) == 1);
    std::fclose(to);
  }

  temporary_folder folder;
};

inline void add_name(X509& c, int kind, const std::string& name) {
  REQUIRE(X509_NAME_add_entry_by_NID(X509_get_subject_name(&c), kind, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name.data()),
                                     static_cast<int>(name.size()), -1, 0) == 1);
}

inline void remove_name(X509& c, int kind) {
  X509_NAME* const subject = X509_get_subject_name(&c);
  X509_NAME_ENTRY_free(
      X509_NAME_delete_entry(subject, X509_NAME_get_index_by_NID(subject, kind, -1)));
}

inline void rename(X509& c, int kind, const std::string& name) {
  remove_name(c, kind);
  add_name(c, kind, name);
}

inline void remove_extension(X509& c, int kind) {
  X509_EXTENSION_free(X509_delete_ext(&c, X509_get_ext_by_NID(&c, kind, -1)));
}

/// Two connected sockets that do not block.
struct socket_pair {
  socket_pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, at.data()) == 0); }
  ~socket_pair() { ::close(at[0]), ::close(at[1]); }
  socket_pair(const socket_pair&) = delete;
  socket_pair& operator=(const socket_pair&) = delete;
  std::array<int, 2> at{};
};

/// An end that checks nothing, as a stranger's may.
inline leat::tls_session stranger(int socket, bool accepts, const std::string& certificate = {},
                                  const std::string& key = {}, int newest = TLS1_3_VERSION) {
  SSL_CTX* const context = SSL_CTX_new(TLS_method());
  SSL_CTX_set_max_proto_version(context, newest);
  if (!certificate.empty()) {
    REQUIRE(SSL_CTX_use_certificate_file(context, certificate.c_str(), SSL_FILETYPE_PEM) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1);
  }
  leat::tls_session session(SSL_new(context));
  SSL_CTX_free(context);
  SSL_set_fd(session.get(), socket);
  accepts ? SSL_set_accept_state(session.get()) : SSL_set_connect_state(session.get());
  return session;
}

/// Lets one end do what it can: the handshake, and then a read. Empty unless it fails.
inline std::string step(SSL& end) {
  ERR_clear_error();
  char byte = 0;
  const int done =
      SSL_is_init_finished(&end) == 1 ? SSL_read(&end, &byte, 1) : SSL_do_handshake(&end);
  if (done > 0)
    return {};
  const int kind = SSL_get_error(&end, done);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
    return {};
  std::string fault = leat::tls_fault(end, done);
  CHECK(ERR_peek_error() == 0);
  ::shutdown(SSL_get_fd(&end), SHUT_WR);
  return fault;
}

/// What two ends fail with, if they do: the one that connects first.
struct faults {
  std::string connecting;
  std::string accepting;
};

inline faults shake_hands(SSL& connecting, SSL& accepting) {
  faults found;
  for (int round = 0; round < 10; ++round) {
    if (found.connecting.empty())
      found.connecting = step(connecting);
    if (found.accepting.empty())
      found.accepting = step(accepting);
  }
  return found;
}

} // namespace support
