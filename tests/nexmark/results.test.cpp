#include "nexmark/results.hpp"

#include "support/catch.hpp"

using namespace nexmark;

TEST_CASE("a result is a line of JSON, with a key if it is an update") {
  CHECK(line_of(auction_price{7, 250}).text == R"({"auction":7,"price":250})");
  CHECK(line_of(auction_price{7, 250}).key.empty());
  const result_line update = line_of(ranked_bid{7, 2, {}});
  CHECK(update.key == " 7 2");
  CHECK(line_of(ranked_bid{72, 0, {}}).key != line_of(ranked_bid{7, 20, {}}).key);
}

TEST_CASE("the last update of each key holds, and everything else") {
  CHECK(final_results({{"", "b"}, {"", "a"}, {"", "b"}}) ==
        std::vector<std::string>{"a", "b", "b"});
  CHECK(final_results({{"x", "1"}, {"y", "2"}, {"x", "3"}}) == std::vector<std::string>{"2", "3"});
}
