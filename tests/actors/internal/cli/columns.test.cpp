#include <leat/internal/cli/columns.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <algorithm>

using namespace leat;

TEST_CASE("width counts code points") {
  CHECK(width_of("") == 0);
  CHECK(width_of("abc") == 3);
  CHECK(width_of("5 µs –") == 6);
}

TEST_CASE("a cut text is whole code points, and as many as fit") {
  CHECK(cut("5 µs", 2) == "5 ");
  CHECK(cut("5 µs", 3) == "5 µ");
  CHECK(cut("5 µs", 4) == "5 µs");
  CHECK(cut("5 µs", 100) == "5 µs");
  CHECK(cut("5 µs", 0).empty());
  CHECK(cut("5 µs", std::string::npos) == "5 µs");
  CHECK(rc::check([] {
    const auto letters = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("a", " ", "µ", "–", "𝛼"));
    std::string text;
    for (const std::string& l : letters)
      text += l;
    const auto columns = *rc::gen::inRange<std::size_t>(0, 30);
    const std::string shorter = cut(text, columns);
    RC_ASSERT(width_of(shorter) == std::min(columns, letters.size()));
    RC_ASSERT(text.starts_with(shorter));
  }));
}

TEST_CASE("rows are aligned behind the widest label") {
  CHECK(in_columns({{"a", "1"}, {"long", "2"}, {"", "3"}, {"µ", "4"}}) == "a     1\n"
                                                                          "long  2\n"
                                                                          "      3\n"
                                                                          "µ     4\n");
  CHECK(in_columns({}) == "");
  CHECK(in_columns({{"a", ""}}) == "a\n");
}

TEST_CASE("a label that is too wide stands alone") {
  CHECK(in_columns({{"-a", "one"}, {"--very-long", "two"}}, {2, 6, 0}) == "  -a  one\n"
                                                                          "  --very-long\n"
                                                                          "      two\n");
}

TEST_CASE("long texts are broken between words, and where they say") {
  CHECK(in_columns({{"a", "one two three"}}, {0, 6, 10}) == "a  one two\n"
                                                            "   three\n");
  CHECK(in_columns({{"a", "unbreakable x"}}, {0, 6, 10}) == "a  unbreakable\n"
                                                            "   x\n");
  CHECK(in_columns({{"a", "one\ntwo"}}) == "a  one\n"
                                           "   two\n");
}
