#include <leat/internal/trust/certificates.hpp>

#include "support/tls.hpp"

#include <openssl/x509v3.h>
#include <sys/stat.h>

using namespace leat;
using namespace support;

namespace {

unsigned mode_of(const std::string& path) {
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 07777U;
}

} // namespace

TEST_CASE("keys are for their owner alone, and nothing else is left in the folder") {
  const authority_folder folder({"a", "b-1.example"});
  CHECK(mode_of(folder.file("ca.key")) == 0600);
  CHECK(mode_of(folder.file("a.key")) == 0600);
  CHECK(mode_of(folder.file("ca.pem")) == 0644);
  CHECK(mode_of(folder.file("a.pem")) == 0644);
  CHECK(mode_of(folder.file("b-1.example.key")) == 0600);
  CHECK(folder.folder.size() == 6);
}

TEST_CASE("an authority can sign nodes, but no further authority") {
  const authority_folder folder({"a", "b"});
  const auto authority = read_certificate(folder.file("ca.pem"));
  const auto a = read_certificate(folder.file("a.pem"));
  const auto b = read_certificate(folder.file("b.pem"));
  REQUIRE((authority && a && b));
  CHECK(X509_check_ca(authority->get()) == 1);
  CHECK(X509_get_pathlen(authority->get()) == 0);
  CHECK(X509_get_key_usage(authority->get()) == KU_KEY_CERT_SIGN);
  CHECK(X509_check_ca(a->get()) == 0);
  CHECK(X509_get_extended_key_usage(a->get()) == (XKU_SSL_CLIENT | XKU_SSL_SERVER));
  CHECK(X509_check_host(a->get(), "a", 1, 0, nullptr) == 1);
  CHECK(X509_check_host(a->get(), "b", 1, 0, nullptr) == 0);
  CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(a->get()), X509_get0_serialNumber(b->get())) != 0);
  CHECK(X509_cmp_current_time(X509_get0_notBefore(a->get())) < 0);
}

TEST_CASE("no file is replaced, and no half of a pair is written") {
  const authority_folder folder({"a"});
  const std::string key = content_of(folder.file("a.key"));
  const auto again = issue_certificate(folder.path(), "a", a_day);
  REQUIRE(!again);
  CHECK(again.error().what == "\"" + folder.file("a.key") + "\" exists, and is not replaced");
  CHECK(content_of(folder.file("a.key")) == key);
  CHECK(!make_authority(folder.path(), "prod", a_day));

  std::filesystem::remove(folder.file("ca.key"));
  const std::string authority = content_of(folder.file("ca.pem"));
  const auto half = make_authority(folder.path(), "prod", a_day);
  REQUIRE(!half);
  CHECK(half.error().what == "\"" + folder.file("ca.pem") + "\" exists, and is not replaced");
  CHECK(content_of(folder.file("ca.pem")) == authority);
  CHECK(!std::filesystem::exists(folder.file("ca.key")));
  CHECK(folder.folder.size() == 3);
}

TEST_CASE("what is no authority issues nothing") {
  const auto fault = [](const authority_folder& f, const std::string& name = "a",
                        lifetime valid = a_day) {
    const auto issued = issue_certificate(f.path(), name, valid);
    REQUIRE(!issued);
    return issued.error().what;
  };
  const authority_folder folder;
  CHECK(fault(folder, "ca") == "invalid node name \"ca\"");
  CHECK(fault(folder, "../a") == "invalid node name \"../a\"");
  CHECK_THAT(
      fault(folder, "a", {std::chrono::hours{49}}),
      Catch::Matchers::StartsWith("the authority \"" + folder.file("ca.pem") + "\" expires on 2"));

  const authority_folder other;
  std::filesystem::remove(folder.file("ca.key"));
  CHECK(fault(folder) ==
        "cannot read \"" + folder.file("ca.key") + "\": No such file or directory");
  std::filesystem::copy_file(other.file("ca.key"), folder.file("ca.key"));
  CHECK(fault(folder) ==
        "\"" + folder.file("ca.key") + "\" is not the key of \"" + folder.file("ca.pem") + "\"");
  ::chmod(folder.file("ca.key").c_str(), 0640);
  CHECK(fault(folder) ==
        "\"" + folder.file("ca.key") + "\" is open to other users: its mode is 0640");
  CHECK(folder.folder.size() == 2);

  const auto nowhere = make_authority(folder.file("none"), "prod", a_day);
  REQUIRE(!nowhere);
  CHECK_THAT(nowhere.error().what, Catch::Matchers::Contains("there is no folder"));
  CHECK(!make_authority(folder.path(), "two words", a_day));
}
