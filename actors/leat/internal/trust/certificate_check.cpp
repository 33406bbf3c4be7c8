#include <leat/internal/trust/certificate_check.hpp>

#include <leat/internal/trust/pem_file.hpp>

#include <fmt/format.h>
#include <openssl/x509v3.h>

namespace leat {

namespace {

bool is_for_both_ends(const X509& shown) {
  constexpr std::uint32_t both = XKU_SSL_CLIENT | XKU_SSL_SERVER;
  X509& c = const_cast<X509&>(shown); // it keeps what it finds
  return (X509_get_extension_flags(&c) & EXFLAG_XKUSAGE) != 0 &&
         (X509_get_extended_key_usage(&c) & both) == both;
}

std::string fault_of_names(const X509& shown, const std::string& cluster) {
  const auto named = identity_in(shown);
  if (!named)
    return named.error().what;
  return fmt::format("is of the cluster \"{}\", not of \"{}\"", named->cluster, cluster);
}

} // namespace

int node_verdict(const X509& shown, const std::string& cluster) {
  if (!is_for_both_ends(shown))
    return X509_V_ERR_INVALID_PURPOSE;
  const auto named = identity_in(shown);
  return named && named->cluster == cluster ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION;
}

error certificate_error(const std::string& subject, int verdict, const X509& shown,
                        const std::string& cluster) {
  const auto of = [&](const std::string& what, std::string hint) {
    return user_error(subject + " " + what, std::move(hint));
  };
  switch (verdict) {
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return of("expired on " + shown_time(X509_get0_notAfter(&shown)),
              "certs issue makes a new one, if the authority is still valid; else begin with "
              "certs init");
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return of("is not valid before " + shown_time(X509_get0_notBefore(&shown)),
              "check the clocks of the hosts");
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    return of("is not signed by the authority in ca.pem",
              "all nodes need the ca.pem of the authority that issued their certificates");
  case X509_V_ERR_INVALID_PURPOSE:
    return of("is not made for nodes of a cluster", "make it with certs issue");
  case X509_V_ERR_APPLICATION_VERIFICATION:
    return of(fault_of_names(shown, cluster), "make it with certs issue");
  default:
    return of(fmt::format("is invalid: {}", X509_verify_cert_error_string(verdict)),
              "make it with certs issue");
  }
}

} // namespace leat
