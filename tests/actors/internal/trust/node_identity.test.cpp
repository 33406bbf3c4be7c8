#include <leat/internal/trust/node_identity.hpp>

#include "support/tls.hpp"

#include <rapidcheck.h>
#include <regex>

using namespace leat;
using namespace support;

TEST_CASE("names of nodes and clusters are what a host may be called, and short") {
  const std::regex node("[a-z0-9][a-z0-9.-]{0,62}");
  const std::regex cluster("[A-Za-z0-9][A-Za-z0-9._-]{0,49}");
  CHECK(rc::check([&] {
    const auto size = *rc::gen::inRange<std::size_t>(0, 70);
    const auto usual = rc::gen::elementOf(std::string("az09.-AZ_"));
    auto name = *rc::gen::container<std::string>(size, usual);
    if (*rc::gen::inRange(0, 4) == 0 && size > 0)
      name[*rc::gen::inRange<std::size_t>(0, size)] = *rc::gen::arbitrary<char>();
    RC_ASSERT(bool(check_node_name(name)) == std::regex_match(name, node));
    RC_ASSERT(bool(check_cluster_name(name)) == std::regex_match(name, cluster));
  }));
  CHECK(check_node_name("node-1.example"));
  CHECK(check_node_name("ca").error().what == "invalid node name \"ca\"");
  CHECK(check_node_name("a/../b").error().what == "invalid node name \"a/../b\"");
  CHECK(check_cluster_name("").error().what == "invalid cluster name \"\"");
}

TEST_CASE("a certificate names one node of one cluster") {
  struct wrong {
    std::function<void(X509&)> change;
    std::string fault;
  };
  const std::vector<wrong> all = {
      {[](X509& c) { remove_name(c, NID_commonName); }, "has no common name (CN)"},
      {[](X509& c) { add_name(c, NID_commonName, "b"); }, "has more than one common name (CN)"},
      {[](X509& c) { rename(c, NID_commonName, "A node"); }, "has an invalid node name \"A node\""},
      {[](X509& c) { rename(c, NID_commonName, std::string("a\0b", 3)); },
       "has an invalid node name \"a\\x00b\""},
      {[](X509& c) { remove_name(c, NID_organizationName); }, "has no organization (O)"},
      {[](X509& c) { add_name(c, NID_organizationName, "b"); },
       "has more than one organization (O)"},
      {[](X509& c) { rename(c, NID_organizationName, "the cluster"); },
       "has an invalid cluster name \"the cluster\""}};
  const authority_folder folder({"a"});
  const auto good = read_certificate(folder.file("a.pem"));
  REQUIRE(good);
  REQUIRE(identity_in(**good));
  CHECK(*identity_in(**good) == node_identity{"a", "prod"});
  for (const wrong& w : all) {
    const certificate copy(X509_dup(good->get()));
    w.change(*copy);
    const auto found = identity_in(*copy);
    REQUIRE(!found);
    CHECK(found.error().what == w.fault);
  }
}
