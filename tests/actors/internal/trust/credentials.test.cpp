#include <leat/internal/trust/credentials.hpp>

#include "support/tls.hpp"

#include <openssl/x509v3.h>
#include <sys/stat.h>

using namespace leat;
using namespace support;

namespace {

std::string fault_of(const authority_folder& folder) {
  const auto loaded = credentials::load(folder.path(), "a");
  REQUIRE(!loaded);
  std::string what = loaded.error().what;
  // The names of the folder's files, without the folder.
  for (std::size_t at; (at = what.find(folder.path() + "/")) != what.npos;)
    what.erase(at, folder.path().size() + 1);
  CHECK(!loaded.error().hint.empty());
  return what;
}

void replace(const std::string& to, const std::string& from) {
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
}

} // namespace

TEST_CASE("credentials know whose they are") {
  const authority_folder folder({"a"}, "prod-7_B");
  CHECK(folder.of("a").own() == node_identity{"a", "prod-7_B"});
}

TEST_CASE("what is missing or no PEM is named") {
  const authority_folder folder({"a"});
  for (const std::string name : {"a.key", "a.pem", "ca.pem"}) { // in reverse order of reading
    const std::string kind = name == "a.key" ? "unencrypted private key" : "certificate";
    std::filesystem::remove(folder.file(name));
    CHECK(fault_of(folder) == "cannot read \"" + name + "\": No such file or directory");
    std::filesystem::create_directory(folder.file(name));
    CHECK(fault_of(folder) == "cannot read \"" + name + "\": it is not a regular file");
    std::filesystem::remove(folder.file(name));
    folder.folder.write(name, "-----BEGIN WRONG-----");
    ::chmod(folder.file(name).c_str(), 0600);
    CHECK(fault_of(folder) == "\"" + name + "\" contains no " + kind + " in PEM");
    if (::geteuid() != 0) { // root reads everything
      ::chmod(folder.file(name).c_str(), 0);
      CHECK(fault_of(folder) == "cannot read \"" + name + "\": Permission denied");
    }
  }
  CHECK(credentials::load(folder.path(), "../a").error().what == "invalid node name \"../a\"");
}

TEST_CASE("an encrypted key is refused, and nobody is asked for a password") {
  const authority_folder folder({"a"});
  const auto key = read_private_key(folder.file("a.key"));
  REQUIRE(key);
  std::FILE* const to = std::fopen(folder.file("a.key").c_str(), "w");
  REQUIRE(to);
  CHECK(PEM_write_PKCS8PrivateKey(to, key->get(), EVP_aes_128_cbc(), "secret", 6, nullptr,
                                  nullptr) == 1);
  std::fclose(to);
  CHECK(fault_of(folder) == "\"a.key\" contains no unencrypted private key in PEM");
}

TEST_CASE("a key that others may read is refused") {
  const authority_folder folder({"a"});
  for (const mode_t mode : {0640, 0604, 0620, 0601}) {
    ::chmod(folder.file("a.key").c_str(), mode);
    CHECK_THAT(fault_of(folder),
               Catch::Matchers::StartsWith("\"a.key\" is open to other users: its mode is 06"));
  }
  ::chmod(folder.file("a.key").c_str(), 0400);
  CHECK(credentials::load(folder.path(), "a"));
}

TEST_CASE("files that do not belong together are refused") {
  const authority_folder folder({"a", "b"});
  const authority_folder other({"a"});
  SECTION("the key of another certificate") {
    replace(folder.file("a.key"), folder.file("b.key"));
    CHECK(fault_of(folder) == "\"a.key\" is not the key of \"a.pem\"");
  }
  SECTION("another authority of the same name") {
    replace(folder.file("ca.pem"), other.file("ca.pem"));
    CHECK(fault_of(folder) == "\"a.pem\" is not signed by the authority in ca.pem");
  }
  SECTION("the certificate of another node") {
    replace(folder.file("a.pem"), folder.file("b.pem"));
    replace(folder.file("a.key"), folder.file("b.key"));
    CHECK(fault_of(folder) == "\"a.pem\" is the certificate of the node \"b\"");
  }
  SECTION("the authority as a node") {
    replace(folder.file("a.pem"), folder.file("ca.pem"));
    replace(folder.file("a.key"), folder.file("ca.key"));
    CHECK(fault_of(folder) == "\"a.pem\" is not made for nodes of a cluster");
  }
  SECTION("a node as the authority") {
    replace(folder.file("ca.pem"), folder.file("b.pem"));
    CHECK_THAT(fault_of(folder), Catch::Matchers::StartsWith("\"a.pem\" is"));
  }
  SECTION("another cluster's name in the certificate") {
    folder.alter("a", [](X509& c) { rename(c, NID_organizationName, "test"); });
    CHECK(fault_of(folder) == "\"a.pem\" is of the cluster \"test\", not of \"prod\"");
  }
  SECTION("a certificate for one end only") {
    folder.alter("a", [](X509& c) { remove_extension(c, NID_ext_key_usage); });
    CHECK(fault_of(folder) == "\"a.pem\" is not made for nodes of a cluster");
  }
}

TEST_CASE("a certificate is refused before and after its time, with the date") {
  using namespace std::chrono_literals;
  const authority_folder folder;
  SECTION("after") {
    folder.issue("a", {-1h, -2h});
    CHECK_THAT(fault_of(folder), Catch::Matchers::StartsWith("\"a.pem\" expired on 2") &&
                                     Catch::Matchers::EndsWith(" UTC"));
  }
  SECTION("before") {
    folder.issue("a", {2h, 1h});
    CHECK_THAT(fault_of(folder), Catch::Matchers::StartsWith("\"a.pem\" is not valid before 2"));
  }
  SECTION("the authority") {
    const authority_folder old({}, "prod", {-1h, -3h});
    old.issue("a", {-2h, -3h});
    CHECK_THAT(fault_of(old), Catch::Matchers::StartsWith("\"ca.pem\" expired on 2"));
  }
}
