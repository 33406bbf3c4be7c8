#include <leat/detail/record/codec.hpp>
#include <leat/json.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <limits>

namespace {

enum class kind : std::int16_t { card, cash };

struct item {
  float price = 0;
  std::string name;
  std::optional<std::uint64_t> code;
  static constexpr auto fields =
      leat::fields("item", leat::field("price", &item::price), leat::field("name", &item::name),
                   leat::field("code", &item::code));
};

struct order {
  bool paid = false;
  std::int64_t id = 0;
  std::uint64_t serial = 0;
  double total = 0;
  kind what = kind::card;
  std::string note;
  leat::event_time at{};
  std::optional<leat::processing_time> shipped;
  item first;
  std::optional<item> gift;
  std::vector<item> items;
  std::vector<bool> marks;
  std::vector<std::vector<std::string>> words;
  std::array<std::int8_t, 3> triple{};
  std::vector<std::optional<float>> readings;
  static constexpr auto fields =
      leat::fields("order", leat::field("paid", &order::paid), leat::field("id", &order::id),
                   leat::field("serial", &order::serial), leat::field("total", &order::total),
                   leat::field("what", &order::what), leat::field("note", &order::note),
                   leat::field("at", &order::at), leat::field("shipped", &order::shipped),
                   leat::field("first", &order::first), leat::field("gift", &order::gift),
                   leat::field("items", &order::items), leat::field("marks", &order::marks),
                   leat::field("words", &order::words), leat::field("triple", &order::triple),
                   leat::field("readings", &order::readings));
};

struct reading {
  std::int32_t sensor = 0;
  double value = 0;
  std::optional<std::string> unit;
  static constexpr auto fields =
      leat::fields("reading", leat::field("sensor", &reading::sensor),
                   leat::field("value", &reading::value), leat::field("unit", &reading::unit));
};

template <class V>
struct holder {
  V x{};
  static constexpr auto fields = leat::fields("holder", leat::field("x", &holder::x));
};

struct nothing {
  static constexpr auto fields = leat::fields("nothing");
};

template <class T>
std::string text_of(const T& value) {
  std::string text;
  leat::append_json(text, value);
  return text;
}

template <class T>
std::string bytes_of(const T& value) {
  std::string bytes;
  leat::append_binary(bytes, value);
  return bytes;
}

/// Reads {"x":...}: the reason, or how it is written again.
template <class V>
std::string read_x(std::string_view value) {
  holder<V> out;
  if (const auto read = leat::parse_json("{\"x\":" + std::string{value} + "}", out); !read)
    return read.error().what;
  const std::string text = text_of(out);
  return text.substr(5, text.size() - 6);
}

/// The reason why a line is no reading.
std::string fault_of(std::string_view line) {
  reading r;
  const auto read = leat::parse_json(line, r);
  return read ? "" : read.error().what;
}

rc::Gen<std::string> utf8_text() {
  const auto piece = rc::gen::element<std::string>(
      "\\", "\"", "/", "a", " ", "\xC3\xA9", "\xF0\x9F\x98\x80", "\t", "\r\n", std::string(1, '\0'),
      "\x1F", "\b\f", "\xE2\x80\xA8", "\\u0041", "\x7F");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const auto& pieces) {
    std::string text;
    for (const std::string& p : pieces)
      text += p;
    return text;
  });
}

template <class Float>
rc::Gen<Float> any_float() {
  using limits = std::numeric_limits<Float>;
  return rc::gen::oneOf(rc::gen::arbitrary<Float>(),
                        rc::gen::element(limits::quiet_NaN(), limits::infinity(),
                                         -limits::infinity(), Float(-0.0), limits::denorm_min(),
                                         limits::max(), limits::lowest()));
}

leat::event_time any_time() {
  return leat::event_time{std::chrono::microseconds{*rc::gen::arbitrary<std::int64_t>()}};
}

int few() { return *rc::gen::inRange(0, 4); }

item any_item() {
  item i{*any_float<float>(), *utf8_text(), {}};
  if (*rc::gen::arbitrary<bool>())
    i.code = *rc::gen::arbitrary<std::uint64_t>();
  return i;
}

order any_order() {
  order o;
  o.paid = *rc::gen::arbitrary<bool>();
  o.id = *rc::gen::arbitrary<std::int64_t>();
  o.serial = *rc::gen::arbitrary<std::uint64_t>();
  o.total = *any_float<double>();
  o.what = kind{*rc::gen::arbitrary<std::int16_t>()};
  o.note = *utf8_text();
  o.at = any_time();
  if (*rc::gen::arbitrary<bool>())
    o.shipped = leat::processing_time{any_time().time_since_epoch()};
  o.first = any_item();
  if (*rc::gen::arbitrary<bool>())
    o.gift = any_item();
  for (int i = few(); i > 0; --i)
    o.items.push_back(any_item());
  o.marks = *rc::gen::arbitrary<std::vector<bool>>();
  for (int i = few(); i > 0; --i)
    o.words.push_back(*rc::gen::container<std::vector<std::string>>(utf8_text()));
  o.triple = {*rc::gen::arbitrary<std::int8_t>(), 1, -128};
  for (int i = few(); i > 0; --i)
    o.readings.push_back(i % 2 ? std::optional<float>{} : *any_float<float>());
  return o;
}

} // namespace

TEST_CASE("json: a record survives its JSON line") {
  order back; // one for all lines, so that nothing may be left of the one before
  CHECK(rc::check([&] {
    const order o = any_order();
    const std::string line = text_of(o);
    RC_ASSERT(line.find('\n') == std::string::npos);
    RC_ASSERT(bool(leat::parse_json(line, back)));
    RC_ASSERT(bytes_of(back) == bytes_of(o));
  }));
}

TEST_CASE("json: hostile lines are refused or read, never more") {
  CHECK(rc::check([](std::string line) {
    order o;
    (void)leat::parse_json(line, o);
  }));
  CHECK(rc::check([] { // a real line, damaged
    std::string line = text_of(any_order());
    for (int i = few(); i > 0; --i)
      line[*rc::gen::inRange<std::size_t>(0, line.size())] = *rc::gen::element(
          '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', 'u', '\xC3', '\0');
    line.resize(*rc::gen::inRange<std::size_t>(0, line.size() + 1));
    order o;
    (void)leat::parse_json(line, o);
  }));
}

TEST_CASE("json: every cut of a line is refused") {
  order o;
  o.items = {{1.5f, "a\n\xC3\xA9", 7}, {}};
  o.words = {{"x"}, {}};
  const std::string line = text_of(o);
  order back;
  for (std::size_t size = 0; size < line.size(); ++size)
    CHECK_FALSE(leat::parse_json(line.substr(0, size), back));
  CHECK(leat::parse_json(line, back));
}

TEST_CASE("json: a record is written as one object") {
  order o;
  o.id = -5;
  o.total = 0.1;
  o.note = "a\"b\\c\n\x01\xC3\xA9";
  o.items = {{1.5f, "pen", 7}};
  o.marks = {true, false};
  CHECK(
      text_of(o) ==
      R"({"paid":false,"id":-5,"serial":0,"total":0.1,"what":0,"note":"a\"b\\c\n\u0001é",)"
      R"("at":"1970-01-01T00:00:00Z","shipped":null,"first":{"price":0,"name":"","code":null},)"
      R"("gift":null,"items":[{"price":1.5,"name":"pen","code":7}],"marks":[true,false],"words":[],)"
      R"("triple":[0,0,0],"readings":[]})");
  CHECK(text_of(nothing{}) == "{}");
  CHECK(text_of(holder<std::string>{"a\xFF"}) == "{\"x\":\"a\xEF\xBF\xBD\"}");
}

TEST_CASE("json: floats that are no numbers are strings") {
  CHECK(text_of(holder<double>{std::numeric_limits<double>::quiet_NaN()}) == R"({"x":"NaN"})");
  CHECK(text_of(holder<float>{std::numeric_limits<float>::infinity()}) == R"({"x":"Infinity"})");
  CHECK(text_of(holder<float>{-std::numeric_limits<float>::infinity()}) == R"({"x":"-Infinity"})");
  CHECK(read_x<double>(R"("NaN")") == R"("NaN")");
  CHECK(read_x<float>(R"("-Infinity")") == R"("-Infinity")");
  CHECK(read_x<double>(R"("nan")") == R"(field "x": the string "nan" is not a number)");
  CHECK(read_x<double>(R"("1.5")") == R"(field "x": the string "1.5" is not a number)");
  CHECK(read_x<double>("null") == R"(field "x": found null at byte 6 where a number is expected)");
}

TEST_CASE("json: members come in any order, others are skipped, optional ones may be absent") {
  reading r{0, 0, "old"};
  CHECK(leat::parse_json(R"( { "value" : 1.5e1 , "sensor":7 } )", r));
  CHECK(text_of(r) == R"({"sensor":7,"value":15,"unit":null})");
  CHECK(leat::parse_json(
      R"({"a":{"b":[1,{"c":[]},[],{}],"d":"}]\"\u00e9"},"sensor":1,"e":[[[true,false,null]]],)"
      R"("value":2,"f":-1.5E+3,"unit":"m","":0,"a":1})",
      r));
  CHECK(text_of(r) == R"({"sensor":1,"value":2,"unit":"m"})");
  CHECK(leat::parse_json(R"({"\u0073ensor":3,"value":2})", r));
  CHECK(r.sensor == 3);
  nothing n;
  CHECK(leat::parse_json(R"({"x":1})", n));
}

TEST_CASE("json: a line that is no record says why") {
  CHECK(fault_of(R"({"sensor":1})") == R"(field "value": missing)");
  CHECK(fault_of(R"({"sensor":1,"value":2,"sensor":3})") == R"(field "sensor": given twice)");
  CHECK(fault_of(R"({"sensor":"1","value":2})") ==
        R"(field "sensor": found a string at byte 11 where a whole number is expected)");
  CHECK(fault_of(R"({"sensor":1.5,"value":2})") ==
        R"(field "sensor": "1.5" is not a whole number)");
  CHECK(fault_of(R"({"sensor":3000000000,"value":2})") ==
        R"(field "sensor": 3000000000 does not fit in int32)");
  CHECK(fault_of(R"({"sensor":1,"value":1e999})") ==
        R"(field "value": 1e999 does not fit in double)");
  CHECK(fault_of("") == "the line ends where an object is expected");
  CHECK(fault_of("not json at all") == R"(found "not" at byte 1 where an object is expected)");
  CHECK(fault_of("null") == "found null at byte 1 where an object is expected");
  CHECK(fault_of("[]") == "found an array at byte 1 where an object is expected");
  CHECK(fault_of("{") == "the line ends where a member's name is expected");
  CHECK(fault_of(R"({"sensor")") == "the line ends where a colon is expected");
  CHECK(fault_of(R"({"sensor":1 "value":2})") ==
        "found a string at byte 13 where a comma or } is expected");
  CHECK(fault_of(R"({"sensor":1,"value":2,})") == "a comma without anything behind it at byte 22");
  CHECK(fault_of(R"({sensor:1})") ==
        R"(found "sensor" at byte 2 where a member's name is expected)");
  CHECK(fault_of(R"({"sensor":1,"value":2} x)") == "more text behind the record at byte 24");
  CHECK(fault_of(R"({"sensor":1,"value":2}{})") == "more text behind the record at byte 23");
  CHECK(fault_of("{\"sensor\":1,\"value\":2,\"x\":\"\xFF\"}") == "byte 28 is not UTF-8");
  CHECK(fault_of("\xEF\xBB\xBF{}").starts_with("found \"\\xEF\" at byte 1"));
  CHECK(fault_of(R"({"sensor":1,"value":2,"x":tru})").starts_with(R"(found "tru" at byte 27)"));
}

TEST_CASE("json: a fault names the place it lies in") {
  order o;
  const std::string line = text_of(o);
  const auto fault_with = [&](std::string from, std::string to) {
    std::string changed = line;
    changed.replace(changed.find(from), from.size(), to);
    const auto read = leat::parse_json(changed, o);
    return read ? "" : read.error().what;
  };
  CHECK(fault_with(R"("items":[])", R"("items":[{"price":1,"name":""},{"price":1,"name":2}])") ==
        R"(field "items[1].name": found a number at byte 208 where a string is expected)");
  CHECK(fault_with(R"("words":[])", R"("words":[["a"],["b",3]])")
            .starts_with(R"(field "words[1][1]": )"));
  CHECK(fault_with(R"("first":{"price":0,)", R"("first":{)") == R"(field "first.price": missing)");
  CHECK(fault_with("[0,0,0]", "[0,0]") == R"(field "triple": 2 elements, 3 expected)");
  CHECK(fault_with("[0,0,0]", "[0,0,0,0]") == R"(field "triple": more than 3 elements)");
  CHECK(fault_with("[0,0,0]", "[0,0,200]") == R"(field "triple[2]": 200 does not fit in int8)");
  CHECK(fault_with("1970-01-01T00:00:00Z", "yesterday") ==
        R"(field "at": "yesterday" is not a time like 2026-01-05T10:20:30Z)");
}

TEST_CASE("json: numbers are strict JSON") {
  for (const char* text : {"0", "-0.5", "1e+23", "100", "1e-05", "-1.5"})
    CHECK(read_x<double>(text) == text);
  CHECK(read_x<int>("-0") == "0");
  CHECK(read_x<std::uint64_t>("18446744073709551615") == "18446744073709551615");
  CHECK(read_x<std::int64_t>("-9223372036854775808") == "-9223372036854775808");
  CHECK(read_x<std::uint8_t>("-1") == R"(field "x": -1 does not fit in uint8)");
  for (const char* text : {"01", "1.", ".5", "+1", "1e", "-", "0x10", "1e+", "nan", "NaN",
                           "Infinity", "--1", "1.e5", "00", "1_000"})
    CHECK(read_x<double>(text).find("byte") != std::string::npos);
}

TEST_CASE("json: strings are strict JSON") {
  const auto reads_as = [](std::string_view escaped, std::string_view plain) {
    holder<std::string> out;
    return leat::parse_json("{\"x\":\"" + std::string{escaped} + "\"}", out) && out.x == plain;
  };
  CHECK(reads_as(R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"));
  CHECK(reads_as(R"(\u0041\u00e9\u20AC\ud83d\uDE00)", "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  CHECK(reads_as(R"(a\u0000b)", std::string_view{"a\0b", 3}));
  CHECK(reads_as(R"(\uFFFF\u07ff\u0800)", "\xEF\xBF\xBF\xDF\xBF\xE0\xA0\x80"));
  CHECK(reads_as(R"(x\\\\y)", R"(x\\y)"));
  for (const char* text :
       {R"("\x")", R"("\u12")", R"("\u12G4")", R"("\u")", R"("\ud83d")", R"("\ud83dx")",
        R"("\ud83d\n")", R"("\ud83d\u0041")", R"("\ude00")", R"("\ud83d\ud83d")", "\"\\", "\"\\u",
        "\"\\ud83d\\", "\"a\nb\"", "\"a\tb\"", "\"open", "'a'", "\"\\U0041\""})
    CHECK(!read_x<std::string>(text).starts_with('"'));
  CHECK(read_x<std::string>(R"("\ud83d")") == R"(field "x": half a surrogate pair at byte 7)");
  CHECK(read_x<std::string>(R"("\q")") == R"(field "x": an unknown escape at byte 7)");
  CHECK(read_x<std::string>(R"("\u12")") ==
        R"(field "x": \u without four hexadecimal digits at byte 7)");
  CHECK(read_x<std::string>("\"a\tb\"") ==
        R"(field "x": a control character at byte 8 inside a string)");
}

TEST_CASE("json: deep nesting in what is skipped ends early") {
  const auto nested = [](int depth) {
    return R"({"sensor":1,"value":2,"x":)" + std::string(depth, '[') + std::string(depth, ']') +
           "}";
  };
  CHECK(fault_of(nested(64)).empty());
  CHECK(fault_of(nested(65)) == "nested deeper than 64 levels at byte 91");
  CHECK(fault_of(R"({"x":)" + std::string(1 << 20, '[')) ==
        "nested deeper than 64 levels at byte 70");
  std::string objects = R"({"sensor":1,"value":2,"x":)";
  for (int i = 0; i < 64; ++i)
    objects += R"({"y":)";
  CHECK(fault_of(objects + "1" + std::string(65, '}')).empty());
  CHECK(fault_of(R"({"x":[1,]})").starts_with("a comma"));
  CHECK(fault_of(R"({"x":[1}})") == R"(found "}" at byte 8 where a comma or ] is expected)");
  CHECK(fault_of(R"({"x":{"a" 1}})") == "found a number at byte 11 where a colon is expected");
}

TEST_CASE("json: a scored record is its fields, the score, and the model") {
  leat::scored<item, float> s{{1.5f, "pen", {}}, 0.25f, {}};
  CHECK(text_of(s) ==
        R"({"price":1.5,"name":"pen","code":null,"score":0.25,"model":null,"model_sha256":null})");
  s.model = leat::model_ref::intern({"risk \"2\"", "ab12"});
  CHECK(
      text_of(s) ==
      R"({"price":1.5,"name":"pen","code":null,"score":0.25,"model":"risk \"2\"","model_sha256":"ab12"})");
  CHECK(text_of(leat::scored<nothing, double>{}) ==
        R"({"score":0,"model":null,"model_sha256":null})");
}
