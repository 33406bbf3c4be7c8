#include <leat/csv.hpp>
#include <leat/detail/record/codec.hpp>

#include "support/catch.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <limits>

namespace {

enum class kind : std::uint8_t { card, cash };

struct payment {
  std::int64_t id = 0;
  std::uint8_t terminal = 0;
  double amount = 0;
  std::string note;
  static constexpr auto fields = leat::fields(
      "payment", leat::field("id", &payment::id), leat::field("terminal", &payment::terminal),
      leat::field("amount", &payment::amount), leat::field("note", &payment::note));
};

struct everything {
  bool flag = false;
  std::int8_t i8 = 0;
  std::int64_t i64 = 0;
  std::uint64_t u64 = 0;
  float f32 = 0;
  double f64 = 0;
  kind what = kind::card;
  std::string text;
  leat::event_time at{};
  std::optional<std::int32_t> maybe_number;
  std::optional<std::string> maybe_text;
  std::optional<leat::event_time> maybe_at;
  std::optional<kind> maybe_what;
  static constexpr auto fields = leat::fields(
      "everything", leat::field("flag", &everything::flag), leat::field("i8", &everything::i8),
      leat::field("i64", &everything::i64), leat::field("u64", &everything::u64),
      leat::field("f32", &everything::f32), leat::field("f64", &everything::f64),
      leat::field("what", &everything::what), leat::field("text, \"quoted\"", &everything::text),
      leat::field("at", &everything::at), leat::field("maybe_number", &everything::maybe_number),
      leat::field("maybe_text", &everything::maybe_text),
      leat::field("maybe_at", &everything::maybe_at),
      leat::field("maybe_what", &everything::maybe_what));
};

struct word {
  std::string text;
  static constexpr auto fields = leat::fields("word", leat::field("text", &word::text));
};

template <class T>
leat::csv_reader<T> reader_for(std::string_view header) {
  return leat::csv_reader<T>{*leat::csv_header<T>(header)};
}

template <class T>
std::string header_error(std::string_view header) {
  const auto columns = leat::csv_header<T>(header);
  return columns ? "" : columns.error().what;
}

/// Reads one payment whose columns stand in declared order: the reason, or
/// "id|terminal|amount|note".
std::string read(std::string_view line) {
  payment p;
  auto reader = reader_for<payment>("id,terminal,amount,note");
  if (const auto parsed = reader.parse(line, p); !parsed)
    return parsed.error().what;
  return fmt::format("{}|{}|{}|{}", p.id, p.terminal, p.amount, p.note);
}

template <class T>
std::string line_of(const T& value) {
  std::string line;
  leat::append_csv(line, value);
  return line;
}

template <class T>
std::string bytes_of(const T& value) {
  std::string bytes;
  leat::append_binary(bytes, value);
  return bytes;
}

rc::Gen<std::string> utf8_text() {
  const auto piece = rc::gen::element<std::string>(
      ",", "\"", "\"\"", "a", " ", "\xC3\xA9", "\xF0\x9F\x98\x80", "\t", "\r", "\n", "null", "1");
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

everything any_everything() {
  everything e;
  e.flag = *rc::gen::arbitrary<bool>();
  e.i8 = *rc::gen::arbitrary<std::int8_t>();
  e.i64 = *rc::gen::arbitrary<std::int64_t>();
  e.u64 = *rc::gen::arbitrary<std::uint64_t>();
  e.f32 = *any_float<float>();
  e.f64 = *any_float<double>();
  e.what = kind{*rc::gen::arbitrary<std::uint8_t>()};
  e.text = *utf8_text();
  e.at = any_time();
  if (*rc::gen::arbitrary<bool>())
    e.maybe_number = *rc::gen::arbitrary<std::int32_t>();
  if (*rc::gen::arbitrary<bool>())
    e.maybe_text = *utf8_text();
  if (*rc::gen::arbitrary<bool>())
    e.maybe_at = any_time();
  if (*rc::gen::arbitrary<bool>())
    e.maybe_what = kind{*rc::gen::arbitrary<std::uint8_t>()};
  return e;
}

} // namespace

TEST_CASE("csv: a record survives its CSV line") {
  std::string header;
  leat::append_csv_header<everything>(header);
  auto reader = reader_for<everything>(header);
  everything back; // one for all lines, so that nothing may be left of the one before
  CHECK(rc::check([&] {
    const everything e = any_everything();
    RC_ASSERT(bool(reader.parse(line_of(e), back)));
    RC_ASSERT(bytes_of(back) == bytes_of(e));
  }));
}

TEST_CASE("csv: a record of one text survives") {
  auto reader = reader_for<word>("text");
  CHECK(rc::check([&] {
    const word w{*utf8_text()};
    word back;
    RC_ASSERT(bool(reader.parse(line_of(w), back)));
    RC_ASSERT(back.text == w.text);
    RC_ASSERT(!line_of(w).empty());
  }));
}

TEST_CASE("csv: hostile lines are refused or read, never more") {
  auto reader = reader_for<payment>("id,terminal,amount,note");
  CHECK(rc::check([&](std::string line) {
    payment p;
    (void)reader.parse(line, p);
  }));
  CHECK(rc::check([&] { // closer to the real thing
    const auto line = *rc::gen::container<std::string>(
        rc::gen::element(',', '"', '1', '.', '-', 'x', '\xC3', '\xA9'));
    payment p;
    (void)reader.parse(line, p);
  }));
  payment p;
  CHECK(reader.parse(std::string(1 << 20, ','), p).error().what == "1048577 fields, 4 expected");
  CHECK_FALSE(reader.parse(std::string(1 << 20, '"'), p));
}

TEST_CASE("csv: columns are found by name, in any order, among others") {
  auto reader = reader_for<payment>("x,note,amount,\"y, z\",id,terminal");
  payment p;
  CHECK(reader.parse("ignored,\"a, \"\"b\"\"\",1.5,,7,3", p));
  CHECK(line_of(p) == "7,3,1.5,\"a, \"\"b\"\"\"");
  everything e;
  auto other = reader_for<everything>("\"text, \"\"quoted\"\"\",flag,i8,i64,u64,f32,f64,what,at,"
                                      "maybe_number,maybe_text,maybe_at,maybe_what");
  CHECK(other.parse("t,1,2,3,4,5,6,7,1970-01-01T00:00:00Z,,,,", e));
  CHECK(line_of(e) == "true,2,3,4,5,6,7,t,1970-01-01T00:00:00Z,,,,");
}

TEST_CASE("csv: a header that lacks a column says which and what it has") {
  CHECK(header_error<payment>("id,terminal,Amount,note") ==
        "the header has no column \"amount\", only \"id\", \"terminal\", \"Amount\", \"note\"");
  CHECK(header_error<payment>("id,terminal,amount,note,id") ==
        "the header has the column \"id\" twice");
  CHECK(header_error<payment>("") == "the header has no column \"id\", only \"\"");
  CHECK(header_error<payment>("id,\"terminal") ==
        "the header is not CSV: field 2: its quote is not closed on this line");
  CHECK(header_error<payment>("id,\xFF") == "the header is not CSV: byte 4 is not UTF-8");
  CHECK(header_error<payment>(std::string(99, ',')).ends_with(" and 70 more"));
  CHECK(header_error<payment>("unknown,unknown,id,terminal,amount,note").empty());
}

TEST_CASE("csv: a line that cannot be read says why") {
  CHECK(read("1,2,3,x") == "1|2|3|x");
  CHECK(read("1,2,3,") == "1|2|3|");
  CHECK(read("\"1\",\"2\",\"3\",\"\"") == "1|2|3|");
  CHECK(read("") == "1 field, 4 expected");
  CHECK(read("1,2,3") == "3 fields, 4 expected");
  CHECK(read("1,2,3,4,5") == "5 fields, 4 expected");
  CHECK(read("1,2,3,4,") == "5 fields, 4 expected");
  CHECK(read("x,2,3,") == "column \"id\": \"x\" is not a whole number");
  CHECK(read("1,300,3,") == "column \"terminal\": 300 does not fit in uint8");
  CHECK(read("1,2,,") == "column \"amount\": nothing where a number is expected");
  CHECK(read("1, 2,3,") == "column \"terminal\": \" 2\" is not a whole number");
  CHECK(read("1,2,3,\"open") == "field 4: its quote is not closed on this line");
  CHECK(read("1,2,3,\"open\"\"") == "field 4: its quote is not closed on this line");
  CHECK(read("1,2,3,\"") == "field 4: its quote is not closed on this line");
  CHECK(read("1,2,3,\"a\"b") == "field 4: text after the closing quote");
  CHECK(read("1,2,3,a\"b") == "field 4: a quote inside a field without quotes");
  CHECK(read("1,2,3,\xC3(") == "byte 7 is not UTF-8");
  CHECK(read("1,2,3,\"a\"\"b\"\"\"") == "1|2|3|a\"b\"");
}

TEST_CASE("csv: several cells with doubled quotes do not overwrite each other") {
  leat::csv_splitter splitter{3};
  CHECK(splitter.split("\"a\"\"a\",\"b\"\"b\",\"c\"\"c\""));
  CHECK(splitter.cells()[0].text == "a\"a");
  CHECK(splitter.cells()[1].text == "b\"b");
  CHECK(splitter.cells()[2].text == "c\"c");
}

TEST_CASE("csv: an empty text is not a missing one") {
  everything e;
  e.maybe_text = "";
  CHECK(line_of(e) == "false,0,0,0,0,0,0,\"\",1970-01-01T00:00:00Z,,\"\",,");
}

TEST_CASE("csv: text that is not UTF-8 is written repaired") {
  CHECK(line_of(word{"a\xFF"}) == "a\xEF\xBF\xBD");
}

TEST_CASE("csv: a scored record is its columns, the score, and the model") {
  using scored = leat::scored<payment, float>;
  std::string header;
  leat::append_csv_header<scored>(header);
  CHECK(header == "id,terminal,amount,note,score,model,model_sha256");
  scored s{{7, 3, 1.5, "n"}, 0.25f, {}};
  CHECK(line_of(s) == "7,3,1.5,n,0.25,,");
  s.model = leat::model_ref::intern({"risk, v2", "ab12"});
  CHECK(line_of(s) == "7,3,1.5,n,0.25,\"risk, v2\",ab12");
}
