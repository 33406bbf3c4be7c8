#include <leat/cluster/join.hpp>

#include "support/catch.hpp"

#include <cstdlib>

TEST_CASE("a worker learns from its environment where to report") {
  CHECK(!leat::join_order::of_this_process());
  const leat::join_order order{4711, 3, "0123abc"};
  const std::string variable = order.as_variable();
  const auto equals = variable.find('=');
  const std::string name = variable.substr(0, equals);
  const auto read = [&](const std::string& value) {
    ::setenv(name.c_str(), value.c_str(), 1);
    return leat::join_order::of_this_process();
  };
  const auto found = read(variable.substr(equals + 1));
  REQUIRE(found);
  CHECK(found->port == 4711);
  CHECK(found->node == 3);
  CHECK(found->token == "0123abc");
  for (const char* wrong : {"", "x", "1:2", "99999:1:t", "1:x:t"})
    CHECK(!read(wrong));
  ::unsetenv(name.c_str());
}

TEST_CASE("a process knows its arguments and its program") {
  CHECK(leat::own_arguments().find("tests_actors") != std::string::npos);
  CHECK(leat::own_build() == leat::own_build());
}
