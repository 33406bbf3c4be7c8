#include <leat/detail/record/byte_count.hpp>

#include "support/catch.hpp"

#include <array>
#include <memory>
#include <optional>

namespace {

struct plain {
  std::int64_t a = 0;
  std::array<float, 4> b{};
  static constexpr auto fields =
      leat::fields("plain", leat::field("a", &plain::a), leat::field("b", &plain::b));
};

struct note {
  std::int32_t id = 0;
  std::string text;
  std::optional<std::string> more;
  std::vector<std::string> tags;
  std::vector<plain> points;
  static constexpr auto fields =
      leat::fields("note", leat::field("id", &note::id), leat::field("text", &note::text),
                   leat::field("more", &note::more), leat::field("tags", &note::tags),
                   leat::field("points", &note::points));
};

struct undeclared {
  int a, b;
};

/// A type of the user's that declares no fields.
struct histogram {
  std::unique_ptr<double[]> cells = std::make_unique<double[]>(100);
};

} // namespace

template <>
struct leat::heap_bytes_of<histogram> {
  static std::size_t count(const histogram&) { return 100 * sizeof(double); }
};

static_assert(!leat::owns_heap<int> && !leat::owns_heap<plain> && !leat::owns_heap<undeclared>);
static_assert(!leat::owns_heap<leat::scored<plain>> && leat::owns_heap<leat::scored<note>>);
static_assert(leat::owns_heap<std::string> && leat::owns_heap<std::vector<int>>);
static_assert(leat::owns_heap<std::optional<std::string>> && !leat::owns_heap<std::optional<int>>);
static_assert(leat::owns_heap<std::array<std::string, 2>> && leat::owns_heap<histogram>);
static_assert(leat::heap_bytes(plain{}) == 0);

using leat::heap_bytes;

TEST_CASE("a string owns heap only beyond its own size") {
  CHECK(heap_bytes(std::string{}) == 0);
  CHECK(heap_bytes(std::string(std::string{}.capacity(), 'x')) == 0);
  std::string text(100, 'x');
  CHECK(heap_bytes(text) == text.capacity() + 1);
  text.clear(); // its memory stays
  CHECK(heap_bytes(text) == text.capacity() + 1);
}

TEST_CASE("a vector owns its capacity and what its elements own") {
  std::vector<std::int64_t> numbers;
  CHECK(heap_bytes(numbers) == 0);
  numbers.reserve(10);
  CHECK(heap_bytes(numbers) == 80);

  std::vector<std::string> texts(2);
  texts[1].assign(200, 'x');
  CHECK(heap_bytes(texts) == texts.capacity() * sizeof(std::string) + heap_bytes(texts[1]));

  std::vector<bool> bits(64);
  CHECK(heap_bytes(bits) == bits.capacity() / 8);
  CHECK(heap_bytes(std::vector<std::vector<int>>(1, std::vector<int>(4))) ==
        sizeof(std::vector<int>) + 16);
}

TEST_CASE("a record owns what its fields own") {
  note n;
  CHECK(heap_bytes(n) == 0);
  n.text.assign(100, 'x');
  n.more.emplace(50, 'y');
  n.tags.resize(3);
  n.points.resize(2);
  const std::size_t expected =
      heap_bytes(n.text) + heap_bytes(*n.more) + 3 * sizeof(std::string) + 2 * sizeof(plain);
  CHECK(heap_bytes(n) == expected);
  CHECK(heap_bytes(leat::scored<note>{n, 1.0f, {}}) ==
        heap_bytes(n)); // copying drops spare capacity
  CHECK(heap_bytes(std::optional<note>{}) == 0);
  CHECK(heap_bytes(std::array<note, 2>{note{}, n}) == heap_bytes(n));
}

TEST_CASE("a pair or tuple owns what its parts own") {
  static_assert(!leat::owns_heap<std::pair<int, std::tuple<float, bool>>>);
  static_assert(leat::owns_heap<std::tuple<int, std::pair<float, std::string>>>);
  const std::string text(100, 'x');
  CHECK(heap_bytes(std::tuple{1, std::pair{2.f, text}, text}) == 2 * heap_bytes(std::string{text}));
}

TEST_CASE("a user's own type tells by itself, at any depth") {
  CHECK(heap_bytes(histogram{}) == 800);
  std::vector<histogram> many(2);
  CHECK(heap_bytes(many) == 2 * sizeof(histogram) + 1600);
}
