#include <leat/detail/record/codec.hpp>
#include <leat/detail/record/fingerprint.hpp>
#include <leat/graph.hpp>
#include <leat/protobuf/record.hpp>

#include "support/messages.pb.h"
#include "support/required.pb.h"

#include "support/catch.hpp"

#include <google/protobuf/util/message_differencer.h>
#include <google/protobuf/wrappers.pb.h>
#include <rapidcheck.h>

#include <limits>

namespace {

using google::protobuf::util::MessageDifferencer;
using leat_tests::Basket;
using leat_tests::Payment;
using leat_tests::PaymentId;
using leat_tests::Rated;

static_assert(leat::foreign<Payment> && leat::any_record<Payment> && !leat::record<Payment>);
static_assert(!leat::key<Payment>, "a message is no key");
static_assert(leat::owns_heap<Payment>);
static_assert(!leat::foreign<int> && !leat::foreign<std::string>);

template <class V>
V any() {
  return *rc::gen::arbitrary<V>();
}
std::string any_text() {
  return *rc::gen::container<std::string>(
      rc::gen::element('a', 'B', '"', ',', ' ', '\\', '{', '1', '\t'));
}
double any_number() {
  using limits = std::numeric_limits<double>;
  return *rc::gen::oneOf(rc::gen::arbitrary<double>(),
                         rc::gen::element(limits::infinity(), -limits::infinity(),
                                          limits::denorm_min(), limits::max(), -0.0));
}

Payment any_payment() {
  Payment p;
  p.set_id(any<std::int64_t>());
  p.set_delta(any<std::int32_t>());
  p.set_cents(any<std::uint64_t>());
  p.set_amount(any_number());
  p.set_share(any<float>());
  p.set_settled(any<bool>());
  p.set_note(any_text());
  p.set_channel(static_cast<leat_tests::Channel>(*rc::gen::inRange(-2, 5)));
  if (any<bool>())
    p.set_voucher(any_text());
  if (any<bool>())
    p.set_card(any<std::uint32_t>());
  else if (any<bool>())
    p.set_iban(any_text());
  return p;
}

Basket any_basket(int depth = 3) {
  Basket b;
  b.set_id(any<std::int64_t>());
  for (const std::string& item : any<std::vector<std::string>>())
    b.add_items(std::string(item.size(), 'i'));
  for (const int n : any<std::vector<int>>())
    (*b.mutable_counts())["key " + std::to_string(n)] = n;
  b.set_raw(any<std::string>());
  if (depth > 0 && any<bool>())
    *b.mutable_parent() = any_basket(depth - 1);
  return b;
}

template <class T>
std::string json_of(const T& value) {
  std::string text;
  leat::append_json(text, value);
  return text;
}

template <class T>
std::string line_of(const T& value) {
  std::string line;
  leat::append_csv(line, value);
  return line;
}

template <class T>
leat::csv_reader<T> reader_for(std::string_view header) {
  return leat::csv_reader<T>{*leat::csv_header<T>(header)};
}

/// What reading this cell into this column says; the other columns are empty or zero.
std::string read_cell(std::string_view column, std::string_view cell) {
  const auto names = *leat::csv_names<Payment>();
  std::string line;
  for (const std::string_view name : names) {
    line += name == column                                                            ? cell
            : name == "note" || name == "voucher" || name == "card" || name == "iban" ? ""
            : name == "settled"                                                       ? "false"
                                                                                      : "0";
    line += name == names.back() ? "" : ",";
  }
  std::string header;
  leat::append_csv_header<Payment>(header);
  Payment p;
  const auto read = reader_for<Payment>(header).parse(line, p);
  return read ? "" : read.error().what;
}

} // namespace

TEST_CASE("protobuf: a message survives JSON") {
  Payment one; // one for all lines, so that nothing may be left of the one before
  Basket other;
  CHECK(rc::check([&] {
    Payment p = any_payment();
    if (p.amount() == 0) // the library reads its own -0 as 0
      p.set_amount(0);
    if (p.share() == 0)
      p.set_share(0);
    RC_ASSERT(bool(leat::parse_json(json_of(p), one)));
    RC_ASSERT(MessageDifferencer::Equals(one, p));
    const Basket b = any_basket();
    RC_ASSERT(bool(leat::parse_json(json_of(b), other)));
    RC_ASSERT(MessageDifferencer::Equals(other, b));
    RC_ASSERT(json_of(b).find('\n') == std::string::npos);
  }));
}

TEST_CASE("protobuf: JSON has every field under its own name") {
  PaymentId id;
  CHECK(json_of(id) == R"({"id":"0"})");
  CHECK(leat::parse_json(R"({"id":7})", id));
  CHECK(id.id() == 7);
  CHECK(leat::parse_json("{}", id));
  CHECK(id.id() == 0);
}

TEST_CASE("protobuf: a line that is no JSON of the message says so, in one line") {
  Payment p;
  for (const std::string line :
       {"", "{", "[]", "7", R"({"id":"x"})", R"({"id":99999999999999999999})",
        "{\"id\":1}\n{\"id\":2}", R"({"channel":"BOAT"})", R"({"id":7,"unknown":1})"}) {
    INFO(line);
    const auto read = leat::parse_json(line, p);
    REQUIRE_FALSE(read);
    CHECK(read.error().what.starts_with("no leat_tests.Payment: "));
    CHECK(read.error().what.find('\n') == std::string::npos);
  }
  CHECK(leat::parse_json("{\"note\":\"\xFF\"}", p).error().what == "byte 10 is not UTF-8");
}

TEST_CASE("protobuf: any bytes are read as JSON and CSV, or refused, never more") {
  std::string header;
  leat::append_csv_header<Payment>(header);
  auto reader = reader_for<Payment>(header);
  CHECK(rc::check([&] {
    const auto line = *rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::arbitrary<char>(),
                       rc::gen::element('{', '}', '[', ']', '"', ':', ',', '1', 'i', 'd', '\\')));
    Payment p;
    Basket b;
    (void)leat::parse_json(line, p);
    (void)leat::parse_json(line, b);
    (void)reader.parse(line, p);
  }));
  Basket b;
  CHECK_FALSE(leat::parse_json(std::string(100'000, '['), b));
  std::string deep;
  for (int i = 0; i < 10'000; ++i)
    deep += "{\"parent\":";
  CHECK_FALSE(leat::parse_json(deep, b));
}

TEST_CASE("protobuf: a message survives its CSV line") {
  std::string header;
  leat::append_csv_header<Payment>(header);
  CHECK(header == "id,delta,cents,amount,share,settled,note,channel,voucher,card,iban");
  auto reader = reader_for<Payment>(header);
  Payment back;
  CHECK(rc::check([&] {
    const Payment p = any_payment();
    RC_ASSERT(bool(reader.parse(line_of(p), back)));
    RC_ASSERT(MessageDifferencer::Equals(back, p));
  }));
}

TEST_CASE("protobuf: columns are found by name; an enum may be a number") {
  auto reader = reader_for<Rated>("x,score,id");
  Rated r;
  CHECK(reader.parse("?,0.5,3", r));
  CHECK(r.id() == 3);
  CHECK(r.score() == 0.5);
  CHECK(read_cell("channel", "WEB").empty());
  CHECK(read_cell("channel", "1").empty());
  CHECK(read_cell("channel", "BOAT") ==
        "column \"channel\": \"BOAT\" is not a value of leat_tests.Channel");
  CHECK(read_cell("id", "x") == "column \"id\": \"x\" is not a whole number");
  CHECK(read_cell("delta", "2147483648") == "column \"delta\": 2147483648 does not fit in int32");
  CHECK(read_cell("cents", "") == "column \"cents\": nothing where a whole number is expected");
  CHECK(read_cell("settled", "maybe").starts_with("column \"settled\": \"maybe\" is not"));
  const auto lacking = leat::csv_header<Rated>("id");
  REQUIRE(!lacking);
  CHECK(lacking.error().what == "the header has no column \"score\", only \"id\"");
}

TEST_CASE("protobuf: a required field of proto2 that did not come is told") {
  leat_tests::Required r;
  auto reader = reader_for<leat_tests::Required>("id,kind");
  CHECK(reader.parse("1,2", r));
  CHECK(r.kind() == leat_tests::Required::SECOND);
  CHECK(reader.parse("1,3", r).error().what ==
        "column \"kind\": leat_tests.Required.Kind has no value 3");
  CHECK(reader.parse(",2", r).error().what == "no leat_tests.Required: it lacks id");
  CHECK_FALSE(leat::parse_json(R"({"kind":"FIRST"})", r));
  CHECK(leat::parse_json(R"({"id":1})", r));
}

TEST_CASE("protobuf: a message whose fields are no columns has no CSV, and says which") {
  const auto refused = leat::csv_header<Basket>("id");
  REQUIRE(!refused);
  CHECK(refused.error().what == "a leat_tests.Basket has no CSV: its field \"items\" is repeated");
  std::string header;
  CHECK_THROWS_AS(leat::append_csv_header<Basket>(header), leat::failure);
}

TEST_CASE("protobuf: a message survives the codec, alone and among others") {
  CHECK(rc::check([] {
    std::vector<Basket> all;
    for (int i = 0, n = *rc::gen::inRange(0, 6); i < n; ++i)
      all.push_back(any_basket());
    std::string bytes;
    leat::encode_records(std::span<const Basket>{all}, bytes);
    std::vector<Basket> back;
    leat::byte_cursor in{std::string_view{bytes}};
    RC_ASSERT(leat::decode_records(in, back));
    RC_ASSERT(in.left() == 0);
    RC_ASSERT(back.size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
      RC_ASSERT(MessageDifferencer::Equals(back[i], all[i]));
    std::vector<Basket> half;
    for (int cuts = 0; cuts < 5; ++cuts) {
      const auto size = *rc::gen::inRange<std::size_t>(0, bytes.size());
      leat::byte_cursor cut{std::string_view{bytes}.substr(0, size)};
      RC_ASSERT(!leat::decode_records(cut, half));
    }
  }));
  CHECK(rc::check([](const std::string& hostile) {
    std::vector<Payment> back;
    leat::byte_cursor in{std::string_view{hostile}};
    leat::decode_records(in, back);
  }));
}

TEST_CASE("protobuf: equal messages have equal bytes") {
  Basket a, b;
  for (int i = 0; i < 50; ++i)
    (*a.mutable_counts())[std::to_string(i)] = i;
  for (int i = 50; i-- > 0;)
    (*b.mutable_counts())[std::to_string(i)] = i;
  std::string first, second;
  leat::append_binary(first, a);
  leat::append_binary(second, b);
  CHECK(first == second);
}

TEST_CASE("protobuf: fields that a reader does not know are kept") {
  CHECK(rc::check([] {
    const Payment p = any_payment();
    std::string bytes;
    leat::append_binary(bytes, p);
    PaymentId known;
    leat::byte_cursor in{std::string_view{bytes}};
    RC_ASSERT(leat::read_binary(in, known));
    RC_ASSERT(known.id() == p.id());
    std::string again;
    leat::append_binary(again, known);
    Payment back;
    leat::byte_cursor whole{std::string_view{again}};
    RC_ASSERT(leat::read_binary(whole, back));
    RC_ASSERT(MessageDifferencer::Equals(back, p));
  }));
}

TEST_CASE("protobuf: the fingerprint is that of the fields, not only of the name") {
  CHECK(leat::type_text<PaymentId>() == "protobuf leat_tests.PaymentId{1=id:int64;}");
  CHECK(leat::type_text<Rated>() == "protobuf leat_tests.Rated{1=id:int64;2=score:double;}");
  CHECK(leat::type_text<Basket>() ==
        "protobuf leat_tests.Basket{1=id:int64;2=[items:string];3=[counts:"
        "leat_tests.Basket.CountsEntry{1=key:string;2=value:int32;}];4=parent:leat_tests.Basket;"
        "5=raw:bytes;}");
  CHECK(leat::fingerprint_of<PaymentId>() != leat::fingerprint_of<Rated>());
  CHECK(leat::type_name<Payment>() == "leat_tests.Payment");
}

TEST_CASE("protobuf: what a message owns on the heap is counted") {
  Payment p;
  CHECK(leat::heap_bytes(p) < 100);
  p.set_note(std::string(10'000, 'x'));
  CHECK(leat::heap_bytes(p) >= 10'000);
}

TEST_CASE("protobuf: a scored message is its fields and the score") {
  PaymentId id;
  id.set_id(3);
  const leat::scored<PaymentId> s{id, 0.5f, {}};
  CHECK(json_of(s) == R"({"id":"3","score":0.5,"model":null,"model_sha256":null})");
  CHECK(line_of(s) == "3,0.5,,");
  CHECK_THROWS_AS(json_of(leat::scored<Rated>{}), leat::failure);
}

TEST_CASE("protobuf: a dead letter holds the message as JSON, or as text where that fails") {
  PaymentId id;
  id.set_id(3);
  CHECK(leat::raw_text(id) == R"({"id":"3"})");
  google::protobuf::Int64Value number; // its JSON is a number, so no record
  number.set_value(3);
  CHECK_THROWS_AS(json_of(number), leat::failure);
  CHECK(leat::raw_text(number) == "value: 3");
}
