#include <leat/cluster/join.hpp>

#include "support/catch.hpp"

TEST_CASE("a worker learns from its environment where to report") {
  const leat::join_order order{4711, 3, "0123abc"};
  const std::string variable = order.as_variable();
  const auto found = leat::join_order::parse(variable.substr(variable.find('=') + 1));
  REQUIRE(found);
  CHECK(found->port == 4711);
  CHECK(found->node == 3);
  CHECK(found->token == "0123abc");
  for (const char* wrong : {"", "x", "1:2", "99999:1:t", "1:x:t"})
    CHECK(!leat::join_order::parse(wrong));
  CHECK(!leat::join_order::of_this_process());
}

TEST_CASE("a process knows its arguments and its program") {
  CHECK(leat::own_arguments().find("tests_actors") != std::string::npos);
  CHECK(leat::own_build() == leat::own_build());
}
