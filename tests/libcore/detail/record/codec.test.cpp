#include <leat/detail/record/codec.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

namespace {

using leat::byte_cursor;

enum class kind : std::int16_t { card, cash };

struct point {
  std::int32_t x = 0, y = 0;
  static constexpr auto fields =
      leat::fields("point", leat::field("x", &point::x), leat::field("y", &point::y));
  friend bool operator==(const point&, const point&) = default;
};

struct packed {
  std::int64_t id = 0;
  leat::event_time at{};
  float score = 0;
  kind what = kind::card;
  std::uint16_t small = 0;
  point where;
  std::array<std::uint8_t, 8> tag{};
  static constexpr auto fields =
      leat::fields("packed", leat::field("id", &packed::id), leat::field("at", &packed::at),
                   leat::field("score", &packed::score), leat::field("what", &packed::what),
                   leat::field("small", &packed::small), leat::field("where", &packed::where),
                   leat::field("tag", &packed::tag));
  friend bool operator==(const packed&, const packed&) = default;
};

struct padded {
  std::int64_t id = 0;
  std::uint8_t small = 0;
  static constexpr auto fields =
      leat::fields("padded", leat::field("id", &padded::id), leat::field("small", &padded::small));
};

struct swapped {
  std::int32_t x = 0, y = 0;
  static constexpr auto fields =
      leat::fields("swapped", leat::field("y", &swapped::y), leat::field("x", &swapped::x));
};

struct twice {
  std::int32_t x = 0, y = 0;
  static constexpr auto fields =
      leat::fields("twice", leat::field("x", &twice::x), leat::field("x2", &twice::x));
};

struct flags {
  bool a = false, b = false;
  static constexpr auto fields =
      leat::fields("flags", leat::field("a", &flags::a), leat::field("b", &flags::b));
};

struct order {
  bool paid = false;
  std::uint64_t id = 0;
  double total = 0;
  std::string note;
  std::optional<std::string> gift;
  std::optional<point> where;
  std::vector<point> path;
  std::vector<bool> marks;
  std::vector<std::vector<std::string>> words;
  std::array<std::string, 2> names;
  std::vector<std::optional<std::int8_t>> readings;
  static constexpr auto fields =
      leat::fields("order", leat::field("paid", &order::paid), leat::field("id", &order::id),
                   leat::field("total", &order::total), leat::field("note", &order::note),
                   leat::field("gift", &order::gift), leat::field("where", &order::where),
                   leat::field("path", &order::path), leat::field("marks", &order::marks),
                   leat::field("words", &order::words), leat::field("names", &order::names),
                   leat::field("readings", &order::readings));
  friend bool operator==(const order&, const order&) = default;
};

static_assert(leat::is_packed_record<packed> && leat::is_packed_record<point>);
static_assert(!leat::is_packed_record<padded>);
static_assert(!leat::is_packed_record<swapped>); // or two builds would exchange x and y
static_assert(!leat::is_packed_record<twice>);
static_assert(!leat::is_packed_record<flags>);
static_assert(!leat::is_packed_record<order>);

template <class T>
std::string bytes_of(const T& value) {
  std::string bytes;
  leat::append_binary(bytes, value);
  return bytes;
}

template <class T>
std::string bytes_of_all(const std::vector<T>& values) {
  std::string bytes;
  leat::encode_records(std::span<const T>{values}, bytes);
  return bytes;
}

template <class T>
bool reads(std::string_view bytes, T& out) {
  byte_cursor in{bytes};
  return leat::read_binary(in, out) && in.left() == 0;
}

point any_point() { return {*rc::gen::arbitrary<int>(), *rc::gen::arbitrary<int>()}; }

packed any_packed() {
  packed p;
  p.id = *rc::gen::arbitrary<std::int64_t>();
  p.at = leat::event_time{std::chrono::microseconds{*rc::gen::arbitrary<std::int64_t>()}};
  p.score = *rc::gen::arbitrary<float>();
  p.what = kind{*rc::gen::arbitrary<std::int16_t>()};
  p.small = *rc::gen::arbitrary<std::uint16_t>();
  p.where = any_point();
  p.tag.fill(*rc::gen::arbitrary<std::uint8_t>());
  return p;
}

order any_order() {
  const auto few = [] { return *rc::gen::inRange(0, 4); };
  order o;
  o.paid = *rc::gen::arbitrary<bool>();
  o.id = *rc::gen::arbitrary<std::uint64_t>();
  o.total = *rc::gen::arbitrary<double>();
  o.note = *rc::gen::arbitrary<std::string>();
  if (*rc::gen::arbitrary<bool>())
    o.gift = *rc::gen::arbitrary<std::string>();
  if (*rc::gen::arbitrary<bool>())
    o.where = any_point();
  for (int i = few(); i > 0; --i)
    o.path.push_back(any_point());
  o.marks = *rc::gen::arbitrary<std::vector<bool>>();
  o.words = *rc::gen::arbitrary<std::vector<std::vector<std::string>>>();
  o.names = {*rc::gen::arbitrary<std::string>(), ""};
  for (int i = few(); i > 0; --i)
    o.readings.push_back(i % 2 ? std::optional<std::int8_t>{} : *rc::gen::arbitrary<std::int8_t>());
  return o;
}

} // namespace

TEST_CASE("codec: a record survives its bytes") {
  order back; // one for all, so that nothing may be left of the one before
  CHECK(rc::check([&] {
    const order o = any_order();
    const std::string bytes = bytes_of(o);
    RC_ASSERT(bytes.size() == leat::binary_size(o));
    RC_ASSERT(reads(bytes, back));
    RC_ASSERT(back == o);
  }));
}

TEST_CASE("codec: both kinds of buffer hold the same bytes, behind what they held") {
  const order o{true, 7, 1.5, "note", {}, point{1, 2}, {{3, 4}}, {true}, {{"a"}}, {"b", "c"}, {1}};
  std::string text = "before";
  std::vector<std::byte> bytes(6);
  leat::append_binary(text, o);
  leat::append_binary(bytes, o);
  REQUIRE(text.size() == bytes.size());
  CHECK(std::memcmp(text.data() + 6, bytes.data() + 6, bytes.size() - 6) == 0);
  order back;
  byte_cursor in{std::span<const std::byte>{bytes}.subspan(6)};
  CHECK(leat::read_binary(in, back));
  CHECK(back == o);
}

TEST_CASE("codec: the bytes are those in the format's description") {
  const order o{true,
                1,
                1.0,
                "ab",
                "c",
                std::nullopt,
                {{1, -1}},
                {true, false},
                {{"x"}, {}},
                {"", "yes"},
                {std::nullopt, std::int8_t{5}}};
  const unsigned char expected[] = {1,                                          // paid
                                    1,    0,    0,    0,    0,   0, 0,    0,    // id
                                    0,    0,    0,    0,    0,   0, 0xF0, 0x3F, // total
                                    2,    'a',  'b',                            // note
                                    1,    1,    'c',                            // gift
                                    0,                                          // where
                                    1,    1,    0,    0,    0,                  // path
                                    0xFF, 0xFF, 0xFF, 0xFF,                     //
                                    2,    1,    0,                              // marks
                                    2,    1,    1,    'x',  0,                  // words
                                    0,    3,    'y',  'e',  's',                // names
                                    2,    0,    1,    5};                       // readings
  const std::string bytes = bytes_of(o);
  REQUIRE(bytes.size() == sizeof expected);
  CHECK(std::memcmp(bytes.data(), expected, sizeof expected) == 0);
}

TEST_CASE("codec: many packed records are their memory, which is what one by one gives") {
  CHECK(rc::check([] {
    std::vector<packed> records;
    std::string one_by_one;
    for (int i = *rc::gen::inRange(0, 20); i > 0; --i) {
      records.push_back(any_packed());
      const packed& p = records.back();
      leat::byte_writer out =
          leat::grow_buffer(one_by_one, leat::binary_size(p)); // field by field, in declared order
      leat::for_each_field<packed>([&](const auto& f) { leat::write_binary(out, p.*f.member); });
    }
    const std::string bytes = bytes_of_all(records);
    RC_ASSERT(bytes == static_cast<char>(records.size()) + one_by_one);
    std::vector<packed> back(3);
    byte_cursor in{bytes};
    RC_ASSERT(leat::decode_records(in, back));
    RC_ASSERT(in.left() == 0U);
    RC_ASSERT(back == records);
  }));
}

TEST_CASE("codec: many other records survive too") {
  CHECK(rc::check([] {
    std::vector<order> records;
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i)
      records.push_back(any_order());
    const std::string bytes = bytes_of_all(records);
    std::vector<order> back(2);
    byte_cursor in{bytes};
    RC_ASSERT(leat::decode_records(in, back));
    RC_ASSERT(back == records);
  }));
  std::vector<padded> many(1000, padded{-1, 255});
  CHECK(bytes_of_all(many).size() == 2 + 9000);
}

TEST_CASE("codec: values that are no records survive, one by one and many") {
  using deep = std::tuple<std::pair<std::string, bool>, std::int8_t, std::optional<point>>;
  CHECK(leat::has_fixed_binary_size<std::pair<float, std::tuple<bool, kind>>>());
  CHECK(leat::least_binary_size<std::pair<float, std::tuple<bool, kind>>>() == 7);
  CHECK(bytes_of(std::pair<std::int16_t, bool>{2, true}) == std::string("\2\0\1", 3));
  CHECK(bytes_of(std::string{"ab"}) == "\2ab");
  CHECK(
      rc::check([](const std::vector<std::tuple<std::pair<std::string, bool>, std::int8_t>>& drawn,
                   const std::vector<std::int32_t>& numbers) {
        std::vector<deep> values;
        for (const auto& [text, number] : drawn)
          values.emplace_back(text, number,
                              number > 0 ? std::optional{point{number, 1}} : std::nullopt);
        std::vector<deep> back;
        const std::string bytes = bytes_of_all(values);
        byte_cursor in{bytes};
        RC_ASSERT(leat::decode_records(in, back));
        RC_ASSERT(back == values);
        for (const deep& value : values) {
          deep one;
          RC_ASSERT(bytes_of(value).size() == leat::binary_size(value));
          RC_ASSERT(reads(bytes_of(value), one));
          RC_ASSERT(one == value);
        }
        std::vector<std::int32_t> more;
        const std::string number_bytes = bytes_of_all(numbers);
        byte_cursor from{number_bytes};
        RC_ASSERT(leat::decode_records(from, more));
        RC_ASSERT(more == numbers);
      }));
  std::pair<bool, bool> flags_read;
  CHECK(!reads(std::string_view("\1\2"), flags_read));
}

TEST_CASE("codec: bytes that end early are refused at every length") {
  const order o{true,     7,      1.5,     "note",     "gift", point{1, 2},
                {{3, 4}}, {true}, {{"a"}}, {"b", "c"}, {1}};
  const std::string bytes = bytes_of(o);
  order back;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size); // its own memory: reading beyond is seen
    CHECK(!reads(cut, back));
  }
  const std::string many = bytes_of_all(std::vector<packed>(3));
  std::vector<packed> records;
  for (std::size_t size = 0; size < many.size(); ++size) {
    const std::string cut = many.substr(0, size);
    byte_cursor in{cut};
    CHECK(!leat::decode_records(in, records));
  }
}

TEST_CASE("codec: hostile lengths ask for no memory") {
  const std::string huge = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"; // 2^64 - 1
  std::vector<packed> records;
  for (const std::string& bytes :
       {huge, huge + std::string(100, '\0'), std::string("\x80\x80\x80\x80\x10"),
        "\x03" + std::string(47, 'x')}) {
    byte_cursor in{bytes};
    CHECK(!leat::decode_records(in, records));
    CHECK(records.capacity() < 100);
  }
  std::vector<order> orders;
  byte_cursor in{huge};
  CHECK(!leat::decode_records(in, orders));
  order o;
  CHECK(!reads(std::string(17, '\0') + huge, o));
  CHECK(o.note.capacity() < 100);
}

TEST_CASE("codec: lengths, bools and presence have one form") {
  const auto length = [](std::string_view bytes) {
    byte_cursor in{bytes};
    std::size_t value = 0;
    return in.take_length(value) && in.left() == 0 ? std::optional{value} : std::nullopt;
  };
  using namespace std::string_view_literals;
  CHECK(length("\0"sv) == 0);
  CHECK(length("\x7F") == 127);
  CHECK(length("\x80\x01") == 128);
  CHECK(length("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01") == ~std::size_t{0});
  CHECK(length("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02") == std::nullopt);
  CHECK(length("\x80\0"sv) == std::nullopt);
  CHECK(length("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01") == std::nullopt);
  CHECK(length("") == std::nullopt);
  CHECK(length("\x80") == std::nullopt);
  CHECK(rc::check([&](std::size_t value) {
    std::string bytes(leat::binary_length_size(value), '\0');
    leat::byte_writer{bytes.data()}.put_length(value);
    RC_ASSERT(length(bytes) == value);
  }));

  flags f;
  CHECK(reads("\1\0"sv, f));
  CHECK((f.a && !f.b));
  CHECK(!reads("\2\0"sv, f));
  CHECK(!reads("\1\xFF"sv, f));
}

TEST_CASE("codec: random bytes are refused or read, never more") {
  CHECK(rc::check([](std::string bytes) {
    order o;
    reads(bytes, o);
    std::vector<order> orders;
    byte_cursor in{bytes};
    if (leat::decode_records(in, orders)) // what is accepted is what would be written
      RC_ASSERT(bytes_of_all(orders) == bytes.substr(0, bytes.size() - in.left()));
  }));
  CHECK(rc::check([] { // real bytes, damaged
    std::string bytes = bytes_of_all(std::vector<order>{any_order(), any_order()});
    for (int i = 0; i < 3; ++i)
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    std::vector<order> orders;
    byte_cursor in{bytes};
    (void)leat::decode_records(in, orders);
  }));
}
