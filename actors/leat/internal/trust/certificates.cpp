#include <leat/internal/trust/certificates.hpp>

#include <leat/internal/trust/node_identity.hpp>
#include <leat/internal/trust/pem_file.hpp>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/x509v3.h>
#include <vector>

namespace leat {

namespace {

struct extension {
  int kind;
  std::string value;
};

// What becomes a certificate.
struct request {
  std::string common_name;
  std::string cluster;
  lifetime valid;
  std::vector<extension> extensions;
};

bool add_name(X509& to, int kind, const std::string& text) {
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(&to), kind, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool number(X509& c) {
  constexpr int bits = 159; // as many as 20 bytes have above zero
  const std::unique_ptr<BIGNUM, freed_by<BN_free>> random(BN_new());
  return random && BN_rand(random.get(), bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(random.get(), X509_get_serialNumber(&c));
}

bool limit(X509& c, lifetime valid) {
  return X509_gmtime_adj(X509_getm_notBefore(&c), valid.since.count()) &&
         X509_gmtime_adj(X509_getm_notAfter(&c), valid.until.count());
}

bool extend(X509& c, X509& issuer, const extension& by) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &c, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>> made(
      X509V3_EXT_conf_nid(nullptr, &context, by.kind, by.value.c_str()));
  return made && X509_add_ext(&c, made.get(), -1) == 1;
}

// Signs itself if there is no issuer. Null without memory or random numbers.
certificate certify(const request& r, EVP_PKEY& key, X509* issuer, EVP_PKEY& issuer_key) {
  certificate made(X509_new());
  if (!made)
    return nullptr;
  X509& c = *made;
  X509& by = issuer ? *issuer : c;
  bool good =
      X509_set_version(&c, X509_VERSION_3) == 1 && number(c) && limit(c, r.valid) &&
      add_name(c, NID_organizationName, r.cluster) && add_name(c, NID_commonName, r.common_name) &&
      X509_set_issuer_name(&c, X509_get_subject_name(&by)) == 1 && X509_set_pubkey(&c, &key) == 1;
  for (const extension& e : r.extensions)
    good = good && extend(c, by, e);
  if (!good || X509_sign(&c, &issuer_key, EVP_sha256()) == 0)
    return nullptr;
  return made;
}

private_key new_key() { return private_key(EVP_EC_gen("P-256")); }

error not_made() { return internal_error("OpenSSL cannot make a certificate" + openssl_reason()); }

} // namespace

result<void> make_authority(const std::string& folder, const std::string& cluster, lifetime valid) {
  if (auto good = check_cluster_name(cluster); !good)
    return good;
  const private_key key = new_key();
  if (!key)
    return not_made();
  const request wanted{cluster + " authority",
                       cluster,
                       valid,
                       {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                        {NID_key_usage, "critical,keyCertSign"},
                        {NID_subject_key_identifier, "hash"},
                        {NID_authority_key_identifier, "keyid:always"}}};
  const certificate made = certify(wanted, *key, nullptr, *key);
  if (!made)
    return not_made();
  return write_new(folder + "/ca.key", *key, folder + "/ca.pem", *made);
}

result<void> issue_certificate(const std::string& folder, const std::string& name, lifetime valid) {
  if (auto good = check_node_name(name); !good)
    return good;
  const std::string authority_path = folder + "/ca.pem";
  const auto authority = read_certified_key(authority_path, folder + "/ca.key");
  if (!authority)
    return authority.error();
  const auto cluster = cluster_in(*authority->certified);
  if (!cluster)
    return user_error(fmt::format("\"{}\" {}", authority_path, cluster.error().what),
                      "certs init makes an authority");
  const private_key key = new_key();
  if (!key)
    return not_made();
  const request wanted{name,
                       *cluster,
                       valid,
                       {{NID_basic_constraints, "critical,CA:FALSE"},
                        {NID_key_usage, "critical,digitalSignature"},
                        {NID_ext_key_usage, "clientAuth,serverAuth"},
                        {NID_subject_alt_name, "DNS:" + name},
                        {NID_subject_key_identifier, "hash"},
                        {NID_authority_key_identifier, "keyid:always"}}};
  const certificate made = certify(wanted, *key, authority->certified.get(), *authority->key);
  if (!made)
    return not_made();
  const ASN1_TIME* const end = X509_get0_notAfter(authority->certified.get());
  if (ASN1_TIME_compare(X509_get0_notAfter(made.get()), end) > 0)
    return user_error(
        fmt::format("the authority \"{}\" expires on {}, before the certificate would",
                    authority_path, shown_time(end)),
        "issue it for fewer days, or make a new authority");
  return write_new(folder + "/" + name + ".key", *key, folder + "/" + name + ".pem", *made);
}

} // namespace leat
