#include <leat/internal/cluster/heartbeat.hpp>

#include <leat/internal/cluster/join_protocol.hpp>

#include "support/links.hpp"

using namespace leat;
using namespace support;
using namespace std::chrono_literals;

TEST_CASE("a link beats until it is wanted for something else, and is whole then") {
  const authority_folder authority({"a", "b"});
  link_pair p(authority.of("a"), authority.of("b"));
  heartbeat beating(std::move(p.a), 1ms);
  const auto next = [&] {
    const auto bytes = p.b.receive(soon());
    REQUIRE(bytes);
    return *bytes;
  };
  for (int n = 0; n < 20; ++n)
    CHECK(from_bytes<preparation>(next())->done == false);
  tls_link link = beating.end();
  REQUIRE(link.send("the end", soon()));
  std::string last = next();
  while (from_bytes<preparation>(last))
    last = next();
  CHECK(last == "the end");
}
