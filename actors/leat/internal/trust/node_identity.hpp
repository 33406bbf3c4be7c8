// Who a node is: the names in its certificate.
#pragma once

#include <leat/error.hpp>

#include <string>
#include <string_view>

struct x509_st; // X509 of OpenSSL

namespace leat {

/// The name of a node, and of the cluster that it belongs to.
struct node_identity {
  std::string name;
  std::string cluster;

  bool operator==(const node_identity&) const = default;
};

/// 1 to 63 of a-z, 0-9, '.' and '-', the first one a letter or digit; and not "ca", since nodes and
/// their authority have their files in one folder.
result<void> check_node_name(std::string_view name);

/// 1 to 50 of A-Z, a-z, 0-9, '.', '_' and '-', the first one a letter or digit.
result<void> check_cluster_name(std::string_view name);

/// The cluster that a certificate names: its only organization (O). Errors of this and the next one
/// continue a sentence that begins with the certificate: "has no common name (CN)".
result<std::string> cluster_in(const x509_st& certificate);

/// The node that a certificate names: its only common name (CN), and the cluster.
result<node_identity> identity_in(const x509_st& certificate);

} // namespace leat
