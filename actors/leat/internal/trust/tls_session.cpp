#include <leat/internal/trust/tls_session.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/trust/certificate_check.hpp>
#include <leat/internal/trust/pem_file.hpp>

#include <cerrno>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <system_error>

namespace leat {

namespace {

// The cluster of this end: that of its own certificate, which load() has looked at.
std::string own_cluster(const SSL& session) {
  const X509* const own = SSL_get_certificate(&session);
  const auto cluster = own ? cluster_in(*own) : user_error("has no certificate");
  return cluster ? *cluster : "";
}

// OpenSSL asks for each certificate of the chain, after it has looked at it itself.
int check_node(int good, X509_STORE_CTX* at) noexcept {
  if (good != 1 || X509_STORE_CTX_get_error_depth(at) > 0)
    return good;
  const auto* session =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(at, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const int verdict = node_verdict(*X509_STORE_CTX_get_current_cert(at), own_cluster(*session));
  X509_STORE_CTX_set_error(at, verdict);
  return verdict == X509_V_OK;
}

// Whatever the peer has shown, as far as it could be read.
const X509* shown_by_peer(const SSL& session) {
  const STACK_OF(X509)* const chain = SSL_get0_verified_chain(&session);
  return sk_X509_num(chain) > 0 ? sk_X509_value(chain, 0) : nullptr;
}

std::string refused_certificate(const SSL& session, int verdict) {
  const X509* const leaf = shown_by_peer(session);
  if (!leaf)
    return fmt::format("the peer's certificate is invalid: {}",
                       X509_verify_cert_error_string(verdict));
  const bool is_leaf_expired = X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0;
  if (verdict == X509_V_ERR_CERT_HAS_EXPIRED && !is_leaf_expired)
    return "the authority in ca.pem has expired";
  const auto named = identity_in(*leaf);
  const std::string subject = named ? fmt::format("the peer's certificate for \"{}\"", named->name)
                                    : "the peer's certificate";
  return certificate_error(subject, verdict, *leaf, own_cluster(session)).what;
}

// What the peer says of us before it goes.
std::string refused_by_peer(int alert) {
  const auto certificate = [](std::string_view why) {
    return fmt::format("the peer refused this node's certificate: {}", why);
  };
  switch (alert) {
  case SSL_AD_UNKNOWN_CA:
  case SSL_AD_DECRYPT_ERROR:
    return certificate("it is not signed by the peer's authority");
  case SSL_AD_CERTIFICATE_EXPIRED:
    return certificate("it has expired");
  case SSL_AD_BAD_CERTIFICATE:
    return certificate("it is invalid there, or not valid yet by the peer's clock");
  case SSL_AD_UNSUPPORTED_CERTIFICATE:
    return certificate("it is not made for nodes of a cluster");
  case SSL_AD_CERTIFICATE_REQUIRED:
    return certificate("there is none");
  case SSL_AD_HANDSHAKE_FAILURE:
    return "the peer refused this node: it is of another cluster, or its name is invalid";
  case SSL_AD_PROTOCOL_VERSION:
    return "the peer does not use TLS 1.3, or has no certificate";
  default:
    return fmt::format("the peer ended the connection: {}", SSL_alert_desc_string_long(alert));
  }
}

std::string fault_of_protocol(const SSL& session, unsigned long fault) {
  const int reason = ERR_GET_REASON(fault);
  if (reason >= SSL_AD_REASON_OFFSET)
    return refused_by_peer(reason - SSL_AD_REASON_OFFSET);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return refused_certificate(session, static_cast<int>(SSL_get_verify_result(&session)));
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return "the peer closed the connection";
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    return "the peer has no certificate";
  const char* const text = ERR_reason_error_string(fault);
  return fmt::format("{} ({})",
                     SSL_is_init_finished(&session) == 1 ? "the connection is damaged"
                                                         : "the peer does not use TLS 1.3",
                     text ? text : "for no known reason");
}

} // namespace

void tls_deleter::operator()(SSL* session) const { SSL_free(session); }
void tls_deleter::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

result<node_identity> peer_of(const SSL& session) {
  const X509* const shown = SSL_get0_peer_certificate(&session);
  const long verdict = SSL_get_verify_result(&session);
  if (SSL_is_init_finished(&session) != 1 || !shown || verdict != X509_V_OK)
    return internal_error("the peer has not proved yet who it is");
  auto named = identity_in(*shown);
  if (!named)
    return external_error("the peer's certificate " + named.error().what);
  return named;
}

std::string tls_fault(const SSL& session, int returned) {
  const int code = errno;
  const int kind = SSL_get_error(&session, returned);
  const unsigned long fault = ERR_peek_last_error();
  ERR_clear_error();
  if (kind == SSL_ERROR_SSL)
    return fault_of_protocol(session, fault);
  if (kind == SSL_ERROR_SYSCALL && code != 0)
    return fmt::format("the connection broke: {}", std::generic_category().message(code));
  return "the peer closed the connection";
}

void require_nodes(SSL_CTX& context) {
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, check_node);
  SSL_CTX_set_verify_depth(&context, 0); // no authority between that of the cluster and a node
}

} // namespace leat
