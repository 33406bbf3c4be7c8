#include <leat/internal/cluster/join.hpp>

#include "support/catch.hpp"

TEST_CASE("a worker learns from its environment how it reaches the others") {
  const leat::worker_invitation order{7, 3, {11, 12, 13, 15}};
  const std::string variable = order.as_variable();
  const auto found = leat::worker_invitation::parse(variable.substr(variable.find('=') + 1));
  REQUIRE(found);
  CHECK(found->term == 7);
  CHECK(found->node == 3);
  CHECK(found->links == order.links);
  CHECK(leat::worker_invitation::parse("1:1:5"));
  for (const char* wrong : {"", "x", "1", "1:1", "1:1:", "0:1:5", "1:0:5", "1:2:5", "1:1:x",
                            "1:x:5", "x:1:5", "1:1:5:", "1:1:5x", "1:1:99999999999"})
    CHECK(!leat::worker_invitation::parse(wrong));
  CHECK(!leat::worker_invitation::of_this_process());
}

TEST_CASE("a process knows its arguments and its program") {
  CHECK(leat::own_arguments().find("tests_actors") != std::string::npos);
  CHECK(leat::own_build() == leat::own_build());
}
