#include <leat/detail/record/fingerprint.hpp>

#include "support/catch.hpp"

namespace {

enum class kind : std::uint8_t { card };

struct item {
  float price = 0;
  static constexpr auto fields = leat::fields("item", leat::field("price", &item::price));
};

struct payment {
  std::int64_t id = 0;
  std::uint32_t card = 0;
  static constexpr auto fields =
      leat::fields("payment", leat::field("id", &payment::id), leat::field("card", &payment::card));
};

struct everything {
  bool flag = false;
  std::int8_t i8 = 0;
  std::uint16_t u16 = 0;
  long long i64 = 0;
  double f64 = 0;
  kind what = kind::card;
  std::string text;
  leat::event_time at{};
  std::optional<std::string> maybe;
  item first;
  std::vector<item> items;
  std::array<std::vector<float>, 3> triple;
  static constexpr auto fields = leat::fields(
      "everything", leat::field("flag", &everything::flag), leat::field("i8", &everything::i8),
      leat::field("u16", &everything::u16), leat::field("i64", &everything::i64),
      leat::field("f64", &everything::f64), leat::field("what", &everything::what),
      leat::field("text", &everything::text), leat::field("at", &everything::at),
      leat::field("maybe", &everything::maybe), leat::field("first", &everything::first),
      leat::field("items", &everything::items), leat::field("triple", &everything::triple));
};

struct nothing {
  static constexpr auto fields = leat::fields("nothing");
};

// Without escapes these two would share the text "odd(a:i32,b:i32)".
struct one_odd_name {
  int a = 0;
  static constexpr auto fields = leat::fields("odd", leat::field("a:i32,b", &one_odd_name::a));
};
struct two_names {
  int a = 0, b = 0;
  static constexpr auto fields =
      leat::fields("odd", leat::field("a", &two_names::a), leat::field("b", &two_names::b));
};

} // namespace

TEST_CASE("a type's text follows from its declaration") {
  CHECK(leat::type_text<payment>() == "payment(id:i64,card:u32)");
  CHECK(leat::type_text<everything>() ==
        "everything(flag:bool,i8:i8,u16:u16,i64:i64,f64:f64,what:u8,text:string,at:time,maybe:"
        "string?,"
        "first:item(price:f32),items:[item(price:f32)],triple:[[f32];3])");
  CHECK(leat::type_text<nothing>() == "nothing()");
  CHECK(leat::type_text<std::int64_t>() == "i64");
  CHECK(leat::type_text<std::string>() == "string");
  CHECK(leat::type_text<std::optional<float>>() == "f32?");
  CHECK(leat::type_text<std::pair<std::tuple<bool, item>, std::string>>() ==
        "((bool,item(price:f32)),string)");
  CHECK(leat::type_text<std::tuple<>>() == "()");
  CHECK(leat::type_text<leat::processing_time>() == "processing time");
}

TEST_CASE("odd names cannot forge another type's text") {
  CHECK(leat::type_text<one_odd_name>() == "odd(a\\:i32\\,b:i32)");
  CHECK(leat::fingerprint_of<one_odd_name>() != leat::fingerprint_of<two_names>());
}

TEST_CASE("fingerprints are what snapshots and other nodes have stored") {
  CHECK(leat::fingerprint_of<payment>() == 0x56ff'c3a5'7375'1f9b);
  CHECK(leat::fingerprint_of<std::int64_t>() == 0x6b23'2e5b'80bb'bbf4);
}
