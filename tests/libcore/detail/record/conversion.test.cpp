#include <leat/detail/record/conversion.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

using leat::detail::conversion;
using leat::detail::history_of;
using leat::detail::parse_type;

namespace {

struct old_item {
  std::int32_t price = 0;
  std::string gone;
  static constexpr auto fields = leat::fields("item", leat::field("price", &old_item::price),
                                              leat::field("gone", &old_item::gone));
  friend bool operator==(const old_item&, const old_item&) = default;
};
struct item {
  float weight = 1.5F;
  std::int32_t price = 7;
  static constexpr auto fields = leat::fields("item", leat::field("weight", &item::weight),
                                              leat::field("price", &item::price));
  friend bool operator==(const item&, const item&) = default;
};

struct amount_v0 {
  std::string text;
  static constexpr auto fields = leat::fields("amount", leat::field("text", &amount_v0::text));
};
struct amount_v1 {
  double euros = 0;
  static constexpr auto fields = leat::fields("amount", leat::field("euros", &amount_v1::euros));
  static amount_v1 migrate(const amount_v0& old) { return {double(old.text.size())}; }
};
struct amount {
  std::int64_t cents = -1;
  bool exact = true;
  static constexpr auto fields = leat::fields("amount", leat::field("cents", &amount::cents),
                                              leat::field("exact", &amount::exact));
  static amount migrate(const amount_v1& old) {
    return {static_cast<std::int64_t>(old.euros * 100), false};
  }
  friend bool operator==(const amount&, const amount&) = default;
};

template <class Item, class Amount, bool Is_new>
struct order {
  std::int64_t id = 0;
  std::vector<Item> items;
  std::optional<Item> gift;
  std::array<Item, 2> pair;
  Amount total;
  std::string note = Is_new ? "new" : "";
  std::vector<std::string> tags = {"a", "b"};
  static constexpr auto fields = [] {
    if constexpr (Is_new) // in another order
      return leat::fields("order", leat::field("tags", &order::tags),
                          leat::field("total", &order::total), leat::field("id", &order::id),
                          leat::field("items", &order::items), leat::field("note", &order::note),
                          leat::field("pair", &order::pair), leat::field("gift", &order::gift));
    else
      return leat::fields("order", leat::field("id", &order::id),
                          leat::field("items", &order::items), leat::field("gift", &order::gift),
                          leat::field("pair", &order::pair), leat::field("total", &order::total));
  }();
};
using old_order = order<old_item, amount_v1, false>;
using new_order = order<item, amount, true>;

item expected(const old_item& i) { return {1.5F, i.price}; }

rc::Gen<old_item> any_item() {
  return rc::gen::build<old_item>(rc::gen::set(&old_item::price), rc::gen::set(&old_item::gone));
}

template <class From, class To>
leat::result<To> converted(const From& value) {
  const auto type = parse_type(leat::detail::row_text<From>());
  REQUIRE(type);
  const auto how = conversion::between(*type, history_of<To>());
  if (!how)
    return how.error();
  std::string saved, bytes;
  leat::append_binary(saved, value);
  leat::byte_cursor from(saved);
  REQUIRE(how->convert(from, bytes));
  REQUIRE(from.left() == 0);
  To to{};
  leat::byte_cursor in(bytes);
  REQUIRE(leat::read_binary(in, to));
  REQUIRE(in.left() == 0);
  for (std::size_t cut = 0; cut < saved.size(); ++cut) {
    leat::byte_cursor part(std::string_view(saved).substr(0, cut));
    std::string unused;
    REQUIRE_FALSE(how->convert(part, unused));
  }
  return to;
}

template <class From, class To>
std::string refusal() {
  const auto c = converted<From, To>({});
  return c ? "" : c.error().what;
}

template <class... V>
struct one_field;
template <class V>
struct one_field<V> {
  V v{};
  static constexpr auto fields = leat::fields("one", leat::field("v", &one_field::v));
};

} // namespace

TEST_CASE("the text of a type can be read back") {
  const auto again = [](const std::string& text) {
    const auto type = parse_type(text);
    return type ? leat::detail::text_of(*type) : "none";
  };
  for (const std::string text : {"i64", "processing time", "string?", "[[i8;3]]", "(i64,string)",
                                 "()", "nothing()", "odd\\:name(a\\:i32\\,b:i32,c:[x(y:f32)]?)",
                                 "features(a:f32)=>f32=>[f64;2]", "protobuf shop.Item{1 price}"})
    CHECK(again(text) == text);
  for (const std::string text :
       {"", "i65", "[i64", "(i64", "x(a)", "x(a:)", "i64 ", "[i64;]", "i64=>"})
    CHECK(again(text) == "none");
  CHECK(again(std::string(100'000, '[')) == "none");
}

TEST_CASE("random values of an older type are read as those of the new one") {
  CHECK(rc::check([] {
    old_order was;
    was.id = *rc::gen::arbitrary<std::int64_t>();
    was.items = *rc::gen::container<std::vector<old_item>>(any_item());
    if (*rc::gen::arbitrary<bool>())
      was.gift = *any_item();
    was.pair = {*any_item(), *any_item()};
    was.total.euros = *rc::gen::inRange(0, 1000);
    const auto is = converted<old_order, new_order>(was);
    RC_ASSERT(bool(is));
    RC_ASSERT(is->id == was.id);
    RC_ASSERT(is->items.size() == was.items.size());
    for (std::size_t i = 0; i < was.items.size(); ++i)
      RC_ASSERT(is->items[i] == expected(was.items[i]));
    RC_ASSERT(is->gift.has_value() == was.gift.has_value());
    RC_ASSERT(!was.gift || *is->gift == expected(*was.gift));
    RC_ASSERT((is->pair == std::array{expected(was.pair[0]), expected(was.pair[1])}));
    RC_ASSERT((is->total == amount{static_cast<std::int64_t>(was.total.euros * 100), false}));
    RC_ASSERT(is->note == "new");
    RC_ASSERT((is->tags == std::vector<std::string>{"a", "b"}));
  }));
}

TEST_CASE("older types are migrated one after the other") {
  const auto is = converted<amount_v0, amount>({"four"});
  REQUIRE(is);
  CHECK(is->cents == 400);
  const auto in_tuple = converted<std::pair<amount_v0, int>, std::pair<amount, int>>({{"four"}, 5});
  REQUIRE(in_tuple);
  CHECK(in_tuple->first.cents == 400);
  CHECK(in_tuple->second == 5);
}

TEST_CASE("equal types are read as they are") {
  const auto is = converted<item, item>({3, 4});
  REQUIRE(is);
  CHECK(*is == item{3, 4});
}

TEST_CASE("what cannot be read is refused with the field that differs") {
  CHECK(refusal<std::int32_t, std::int64_t>() == "it was i32 and is i64");
  CHECK(refusal<one_field<std::string>, one_field<std::int64_t>>() ==
        "field \"v\" was string and is i64");
  CHECK(refusal<one_field<one_field<double>>, one_field<one_field<float>>>() ==
        "field \"v.v\" was f64 and is f32");
  CHECK(refusal<one_field<std::vector<int>>, one_field<std::optional<int>>>() ==
        "field \"v\" was [i32] and is i32?");
  CHECK(refusal<one_field<std::array<int, 2>>, one_field<std::array<int, 3>>>() ==
        "field \"v\" was [i32;2] and is [i32;3]");
  CHECK(refusal<std::pair<int, int>, std::tuple<int, int, int>>() ==
        "it was (i32,i32) and is (i32,i32,i32)");
  CHECK(refusal<amount_v0, item>() ==
        "it was amount(text:string) and is item(weight:f32,price:i32)");
}

TEST_CASE("hostile bytes make no conversion take memory") {
  const auto type = parse_type("[item(price:i32,gone:string)]");
  const auto how = conversion::between(*type, history_of<std::vector<item>>());
  REQUIRE(how);
  CHECK(rc::check([&] {
    const auto bytes = *rc::gen::arbitrary<std::string>();
    leat::byte_cursor from(bytes);
    std::string to;
    (void)how->convert(from, to);
    RC_ASSERT(to.size() <= 16 * bytes.size() + 16);
  }));
}
