// Certificates and private keys as files.
#pragma once

#include <leat/error.hpp>

#include <memory>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string>

namespace leat {

/// Frees an object of OpenSSL.
template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using certificate = std::unique_ptr<X509, freed_by<X509_free>>;
using private_key = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;

/// Reads the first certificate of a file.
result<certificate> read_certificate(const std::string& path);

/// Reads a private key. A file that others than its owner can read is refused.
result<private_key> read_private_key(const std::string& path);

struct certified_key {
  certificate certified;
  private_key key;
};

/// Reads a certificate and its key.
result<certified_key> read_certified_key(const std::string& certificate_path,
                                         const std::string& key_path);

/// Writes a key and its certificate, both or none, durably: the key for its owner alone. Files that
/// are there are not replaced.
result<void> write_new(const std::string& key_path, EVP_PKEY& key,
                       const std::string& certificate_path, X509& certified);

/// A date and time as errors have it: "2026-01-27 12:00:00 UTC".
std::string shown_time(const ASN1_TIME* time);

/// What OpenSSL says of the call that failed last, in brackets: " (bad end line)"; empty if it says
/// nothing. Empties its queue of errors.
std::string openssl_reason();

} // namespace leat
