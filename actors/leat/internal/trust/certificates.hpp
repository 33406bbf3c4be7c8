// Making the certificates of a cluster: an authority, and a certificate for each node.
#pragma once

#include <leat/error.hpp>

#include <chrono>
#include <string>

namespace leat {

/// From when until when a certificate is valid, relative to now; below zero is in the past.
struct lifetime {
  std::chrono::seconds until;
  std::chrono::seconds since = -std::chrono::minutes{5}; ///< the clocks of hosts differ
};

/// Makes the authority of a cluster: FOLDER/ca.pem, which every node gets, and FOLDER/ca.key, which
/// makes certificates and must stay where it is. The folder must exist; files are not replaced.
/// Blocks until the disk has both.
result<void> make_authority(const std::string& folder, const std::string& cluster, lifetime valid);

/// Makes the certificate of a node, signed by the authority in the folder: FOLDER/NAME.pem and
/// FOLDER/NAME.key. Files are not replaced, and no certificate outlives its authority. Blocks until
/// the disk has both.
result<void> issue_certificate(const std::string& folder, const std::string& name, lifetime valid);

} // namespace leat
