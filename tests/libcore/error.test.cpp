#include <leat/error.hpp>

#include "support/catch.hpp"

#include <memory>
#include <string>
#include <vector>

using leat::result;

namespace {

result<std::string> good() { return std::string(100, 'g'); }
result<std::string> bad() { return leat::external_error("it failed", "mend it", true); }

} // namespace

TEST_CASE("a result keeps its value or its error when it is copied, moved and assigned") {
  for (const bool first : {true, false})
    for (const bool second : {true, false}) {
      result<std::string> r = first ? good() : bad();
      const result<std::string> copy = r;
      const result<std::string> moved = std::move(r);
      result<std::string> assigned = second ? good() : bad();
      assigned = copy;
      r = moved; // from a state that was moved from
      for (const auto& each : {copy, moved, assigned, r}) {
        REQUIRE(static_cast<bool>(each) == first);
        if (first) {
          CHECK(*each == std::string(100, 'g'));
        } else {
          CHECK(each.error().what == "it failed");
          CHECK(each.error().hint == "mend it");
          CHECK(each.error().retry);
        }
      }
    }
}

TEST_CASE("a result holds what can only be moved") {
  result<std::unique_ptr<int>> r = std::make_unique<int>(7);
  result<std::unique_ptr<int>> moved = std::move(r);
  REQUIRE(moved);
  CHECK(**moved == 7);
  CHECK(*std::move(*moved) == 7);
}

TEST_CASE("a result without a value keeps success or an error") {
  result<void> done;
  CHECK(done);
  result<void> failed = leat::user_error("no such file");
  const result<void> copy = failed;
  done = std::move(failed);
  REQUIRE_FALSE(done);
  CHECK(done.error().what == "no such file");
  CHECK(copy.error().what == "no such file");
}
