#include <leat/detail/record/key_codec.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <limits>

namespace {

enum class colour : std::int16_t { red, blue };
enum plain { one, two };
using compound = std::tuple<double, std::pair<bool, std::string>, std::int8_t>;

using leat::detail::key_before;

compound any_compound() {
  const std::vector<double> numbers{
      0.0, -0.0, std::nan("3"), -std::nan("4"), 1.5, -1.5, *rc::gen::arbitrary<double>()};
  return {*rc::gen::elementOf(numbers), *rc::gen::arbitrary<std::pair<bool, std::string>>(),
          *rc::gen::arbitrary<std::int8_t>()};
}

template <class K>
std::string bytes_of(const K& key) {
  std::string bytes;
  leat::detail::append_key(bytes, key);
  return bytes;
}

template <class K>
bool reads(std::string_view bytes, K& key) {
  leat::byte_cursor from{bytes};
  return leat::detail::read_key(from, key) && from.left() == 0;
}

} // namespace

TEST_CASE("a key survives its bytes, and equal keys are one afterwards") {
  CHECK(rc::check([] {
    const compound key = any_compound();
    compound back;
    RC_ASSERT(reads(bytes_of(key), back));
    RC_ASSERT(leat::detail::same_key(key, back));
    RC_ASSERT(!std::signbit(std::get<0>(back)) || std::get<0>(back) < 0);
    const compound canonical = leat::detail::canonical_key(key);
    RC_ASSERT(std::memcmp(&std::get<0>(canonical), &std::get<0>(back), sizeof(double)) == 0);
  }));
  char letter = 'a';
  CHECK((reads(bytes_of('z'), letter) && letter == 'z'));
  colour c{};
  CHECK((reads(bytes_of(colour::blue), c) && c == colour::blue));
  plain p{};
  CHECK((reads(bytes_of(two), p) && p == two));
}

TEST_CASE("bytes of a key have one form, and none is read beyond its end") {
  double number = 0;
  const double odd_zero = -0.0, odd_nan = -std::nan("9");
  CHECK(!reads({reinterpret_cast<const char*>(&odd_zero), sizeof odd_zero}, number));
  CHECK(!reads({reinterpret_cast<const char*>(&odd_nan), sizeof odd_nan}, number));
  bool flag = false;
  CHECK(!reads("\2", flag));
  std::string text;
  CHECK(!reads(std::string(8, '\xFF') + "abc", text));
  CHECK(rc::check([] {
    const std::string bytes = bytes_of(any_compound());
    compound key;
    for (std::size_t size = 0; size < bytes.size(); ++size)
      RC_ASSERT(!reads(std::string(bytes, 0, size), key));
  }));
}

TEST_CASE("keys are in a total order that agrees with their equality") {
  CHECK(rc::check([] {
    std::vector<compound> keys;
    for (int n = *rc::gen::inRange(0, 12); n > 0; --n)
      keys.push_back(any_compound());
    for (const compound& a : keys)
      for (const compound& b : keys) {
        RC_ASSERT((!key_before(a, b) && !key_before(b, a)) == leat::detail::same_key(a, b));
        for (const compound& c : keys)
          RC_ASSERT(!(key_before(a, b) && key_before(b, c)) || key_before(a, c));
      }
  }));
  CHECK(key_before(std::numeric_limits<double>::infinity(), std::nan("")));
  CHECK(key_before(std::string("a"), std::string("a\xFF")));
  CHECK(key_before(-1, 1));
  CHECK(key_before(std::pair{1, 9}, std::pair{2, 0}));
}

TEST_CASE("a key's type has a text") {
  CHECK(leat::detail::key_type_text<compound>() == "(f64,(bool,string),i8)");
  CHECK(leat::detail::key_type_text<colour>() == "i16");
  CHECK(leat::detail::key_type_text<std::uint32_t>() == "u32");
  CHECK(leat::detail::key_type_text<std::tuple<>>() == "()");
}
