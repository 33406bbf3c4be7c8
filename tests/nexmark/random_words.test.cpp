#include "nexmark/random_words.hpp"

#include "support/catch.hpp"

using namespace nexmark;

TEST_CASE("words are those of splitmix64") {
  // The first outputs of the published generator with seed 0.
  CHECK(random_word(0) == 0xE220'A839'7B1D'CDAFU);
  CHECK(random_word(1) == 0x6E78'9E6A'A1B9'65F4U);
  CHECK(random_word(2) == 0x06C4'5D18'8009'454FU);
}

TEST_CASE("numbers below an end depend on the lower 32 bits alone") {
  CHECK(below(10, 0) == 0);
  CHECK(below(10, 0xFFFF'FFFF) == 9);
  CHECK(below(10, 0x8000'0000) == 5);
  CHECK(below(10, 0xABCD'EF01'8000'0000) == 5);
}
