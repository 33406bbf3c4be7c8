// Whether a certificate is that of a node of this cluster, and what is wrong with one that is not.
#pragma once

#include <leat/internal/trust/node_identity.hpp>

#include <openssl/x509.h>
#include <string>

namespace leat {

/// The verdict, X509_V_OK or another of OpenSSL's, on a certificate that the authority has signed:
/// it must be made for both ends of a connection, and name a node of the cluster.
int node_verdict(const X509& shown, const std::string& cluster);

/// The error for a verdict. `subject` begins the sentence: "\"certs/a.pem\" expired on ...".
error certificate_error(const std::string& subject, int verdict, const X509& shown,
                        const std::string& cluster);

} // namespace leat
