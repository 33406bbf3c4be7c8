#include <leat/internal/trust/credentials.hpp>

#include <leat/internal/trust/certificate_check.hpp>
#include <leat/internal/trust/pem_file.hpp>

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace leat {

namespace {

struct proof {
  std::string authority_path;
  std::string own_path;
  certificate authority;
  certified_key own;
};

result<proof> read_proof(const std::string& folder, const std::string& name) {
  std::string authority_path = folder + "/ca.pem";
  auto authority = read_certificate(authority_path);
  if (!authority)
    return authority.error();
  std::string own_path = folder + "/" + name + ".pem";
  auto own = read_certified_key(own_path, folder + "/" + name + ".key");
  if (!own)
    return own.error();
  return proof{std::move(authority_path), std::move(own_path), std::move(*authority),
               std::move(*own)};
}

// As a peer would look at it.
result<void> check(const proof& p, const std::string& cluster) {
  X509& own = *p.own.certified;
  const std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>> store(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>> at(X509_STORE_CTX_new());
  if (!store || !at || X509_STORE_add_cert(store.get(), p.authority.get()) != 1 ||
      X509_STORE_CTX_init(at.get(), store.get(), &own, nullptr) != 1)
    return internal_error("OpenSSL cannot check a certificate" + openssl_reason());
  if (X509_verify_cert(at.get()) == 1) {
    const int verdict = node_verdict(own, cluster);
    if (verdict == X509_V_OK)
      return {};
    return certificate_error(fmt::format("\"{}\"", p.own_path), verdict, own, cluster);
  }
  const bool is_own = X509_STORE_CTX_get_error_depth(at.get()) == 0;
  return certificate_error(fmt::format("\"{}\"", is_own ? p.own_path : p.authority_path),
                           X509_STORE_CTX_get_error(at.get()), is_own ? own : *p.authority,
                           cluster);
}

result<node_identity> identity_of(const proof& p, const std::string& name) {
  const auto cluster = cluster_in(*p.authority);
  if (!cluster)
    return user_error(fmt::format("\"{}\" {}", p.authority_path, cluster.error().what),
                      "certs init makes an authority");
  if (const auto good = check(p, *cluster); !good)
    return good.error();
  auto named = identity_in(*p.own.certified);
  if (named && named->name != name)
    return user_error(
        fmt::format("\"{}\" is the certificate of the node \"{}\"", p.own_path, named->name),
        fmt::format("certs issue --name {} makes that of this node", name));
  return named;
}

bool configure(SSL_CTX& context, const proof& p) {
  require_nodes(context);
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  // NO_AUTO_CHAIN: the peer has the authority's certificate.
  SSL_CTX_set_mode(&context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_max_cert_list(&context, 16 * 1024); // what a stranger can make us read
  return SSL_CTX_set_min_proto_version(&context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(&context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_num_tickets(&context, 0) == 1 &&
         X509_STORE_add_cert(SSL_CTX_get_cert_store(&context), p.authority.get()) == 1 &&
         SSL_CTX_use_certificate(&context, p.own.certified.get()) == 1 &&
         SSL_CTX_use_PrivateKey(&context, p.own.key.get()) == 1;
}

} // namespace

result<credentials> credentials::load(const std::string& folder, const std::string& name) {
  if (const auto good = check_node_name(name); !good)
    return good.error();
  const auto p = read_proof(folder, name);
  if (!p)
    return p.error();
  auto own = identity_of(*p, name);
  if (!own)
    return own.error();
  tls_context context(SSL_CTX_new(TLS_method()));
  if (!context || !configure(*context, *p))
    return internal_error("OpenSSL cannot use a certificate" + openssl_reason());
  return credentials(std::move(*own), std::move(context));
}

tls_session credentials::begin(int socket, bool accepts) const {
  tls_session session(SSL_new(context_.get()));
  if (!session || SSL_set_fd(session.get(), socket) != 1)
    throw failure(internal_error("OpenSSL cannot begin a session" + openssl_reason()));
  if (accepts)
    SSL_set_accept_state(session.get());
  else
    SSL_set_connect_state(session.get());
  return session;
}

} // namespace leat
