#include <leat/internal/trust/node_identity.hpp>

#include <leat/detail/record/utf8.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <openssl/x509.h>

namespace leat {

namespace {

bool is_small(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_letter_or_digit(char c) { return is_small(c) || (c >= 'A' && c <= 'Z'); }

// The only entry of this kind in the subject's name.
result<std::string> only(const X509& certificate, int kind, std::string_view name) {
  X509_NAME* const subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, kind, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, kind, at) >= 0)
    return user_error(fmt::format("has {} {}", at < 0 ? "no" : "more than one", name));
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0)
    return user_error(fmt::format("has an unreadable {}", name));
  std::string copy(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return copy;
}

error misnamed(const error& e) { return user_error("has an " + e.what, e.hint); }

} // namespace

result<void> check_node_name(std::string_view name) {
  if (name == "ca")
    return user_error("invalid node name \"ca\"", "ca.pem and ca.key are the authority's files");
  const bool good =
      !name.empty() && name.size() <= 63 && is_small(name.front()) &&
      std::ranges::all_of(name, [](char c) { return is_small(c) || c == '.' || c == '-'; });
  if (!good)
    return user_error(fmt::format("invalid node name {}", shown(name)),
                      "1 to 63 of a-z, 0-9, '.' and '-', beginning with a letter or digit");
  return {};
}

result<void> check_cluster_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= 50 && is_letter_or_digit(name.front()) &&
                    std::ranges::all_of(name, [](char c) {
                      return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
                    });
  if (!good)
    return user_error(fmt::format("invalid cluster name {}", shown(name)),
                      "1 to 50 of A-Z, a-z, 0-9, '.', '_' and '-', beginning with a letter or "
                      "digit");
  return {};
}

result<std::string> cluster_in(const X509& certificate) {
  auto name = only(certificate, NID_organizationName, "organization (O)");
  if (!name)
    return name;
  if (const auto good = check_cluster_name(*name); !good)
    return misnamed(good.error());
  return name;
}

result<node_identity> identity_in(const X509& certificate) {
  auto name = only(certificate, NID_commonName, "common name (CN)");
  if (!name)
    return name.error();
  if (const auto good = check_node_name(*name); !good)
    return misnamed(good.error());
  auto cluster = cluster_in(certificate);
  if (!cluster)
    return cluster.error();
  return node_identity{std::move(*name), std::move(*cluster)};
}

} // namespace leat
