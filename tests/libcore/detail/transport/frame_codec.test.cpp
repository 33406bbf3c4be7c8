#include <leat/detail/transport/frame_codec.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/frames.hpp"

#include <rapidcheck.h>

namespace {

using leat::frame;
using support::dice;
using support::item;
using support::some_frame;
using support::some_item;
using support::some_text;
using support::text_item;

std::string bytes_of(const frame& f, const leat::row_codec& codec) {
  std::string bytes;
  leat::encode_frame(f, codec, bytes);
  return bytes;
}

void check_same(const frame& a, const frame& b) {
  REQUIRE(a.size() == b.size());
  CHECK(bool(a.records) == bool(b.records));
  if (a.records) {
    REQUIRE(a.records->envelopes.carried() == b.records->envelopes.carried());
    leat::envelope_cursor as(a.records->envelopes, leat::all_columns);
    leat::envelope_cursor bs(b.records->envelopes, leat::all_columns);
    for (std::size_t i = 0; i < a.size(); ++i)
      CHECK(leat::envelope(as.at(i)) == leat::envelope(bs.at(i)));
  }
  CHECK(a.panes.ones == b.panes.ones);
  CHECK(a.panes.ends == b.panes.ends);
  CHECK(a.last == b.last);
  CHECK(a.ended_at == b.ended_at);
  CHECK(a.paid == b.paid);
  REQUIRE(bool(a.barrier_at) == bool(b.barrier_at));
  if (a.barrier_at) {
    CHECK(a.barrier_at->epoch == b.barrier_at->epoch);
    CHECK(a.barrier_at->commands == b.barrier_at->commands);
  }
}

template <class T, class Make>
void check_frames(Make make) {
  const auto codec = leat::row_codec_of<T>();
  support::for_seeds(300, [&](dice roll) {
    const frame sent = some_frame<T>(roll, make);
    const auto came = leat::decode_frame(bytes_of(sent, *codec), *codec);
    REQUIRE(came);
    check_same(sent, *came);
    if (sent.records)
      for (std::size_t i = 0; i < sent.size(); ++i)
        CHECK(sent.as<T>()[i] == came->template as<T>()[i]);
  });
}

} // namespace

TEST_CASE("a frame comes as it was sent") {
  SECTION("of fixed-size records") { check_frames<item>(some_item); }
  SECTION("of records with text") { check_frames<text_item>(some_text); }
}

TEST_CASE("scored records keep score and model") {
  using scored = leat::scored<item>;
  const auto a = leat::model_ref::intern({"a", "1111"});
  const auto b = leat::model_ref::intern({"b", "2222"});
  const auto codec = leat::row_codec_of<scored>();
  const std::vector<scored> sent{
      {{1, 2, 3}, 0.5F, a}, {{2, 2, 3}, 0.25F, a}, {{3, 2, 3}, 1, b}, {{4, 2, 3}, 0, a}};
  const auto came = leat::decode_frame(bytes_of(support::frame_of(sent), *codec), *codec);
  REQUIRE(came);
  REQUIRE(came->size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(came->as<scored>()[i].record == sent[i].record);
    CHECK(came->as<scored>()[i].score == sent[i].score);
    CHECK(came->as<scored>()[i].model == sent[i].model);
  }
}

TEST_CASE("scores on scores travel too") {
  using twice = leat::scored<leat::scored<item>, std::array<float, 2>>;
  const auto a = leat::model_ref::intern({"a", "1111"});
  const auto codec = leat::row_codec_of<twice>();
  const std::vector<twice> sent{{{{1, 2, 3}, 0.5F, a}, {1, 2}, {}},
                                {{{2, 2, 3}, 1, {}}, {3, 4}, a}};
  const auto came = leat::decode_frame(bytes_of(support::frame_of(sent), *codec), *codec);
  REQUIRE(came);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const twice& row = came->as<twice>()[i];
    CHECK(row.record.record == sent[i].record.record);
    CHECK(row.record.score == sent[i].record.score);
    CHECK(row.record.model == sent[i].record.model);
    CHECK(row.score == sent[i].score);
    CHECK(row.model == sent[i].model);
  }
}

TEST_CASE("a frame of another type is refused") {
  const auto bytes = bytes_of(support::frame_of<item>({{1, 2, 3}}), *leat::row_codec_of<item>());
  const auto came = leat::decode_frame(bytes, *leat::row_codec_of<text_item>());
  REQUIRE(!came);
  CHECK(came.error().what.find("another record type") != std::string::npos);
  CHECK(!leat::row_codec_of<int>());
}

namespace {

struct wider_item {
  std::string unit = "kg";
  std::int64_t value = 0;
  std::int64_t key = 0;
  static constexpr auto fields =
      leat::fields("item", leat::field("unit", &wider_item::unit),
                   leat::field("value", &wider_item::value), leat::field("key", &wider_item::key));
};

template <class Now, class Was>
leat::frame as_now(const std::vector<Was>& sent) {
  const leat::row_codec& codec = *leat::row_codec_of<Now>();
  const auto how = leat::conversion_of_rows(leat::row_type(*leat::row_codec_of<Was>()), codec);
  REQUIRE(how);
  const auto came = leat::decode_saved_frame(
      bytes_of(support::frame_of(sent), *leat::row_codec_of<Was>()), codec, *how);
  REQUIRE(came);
  REQUIRE(came->size() == sent.size());
  return *came;
}

} // namespace

TEST_CASE("a frame that was saved with an older type comes with the fields that both have") {
  const auto plain = as_now<wider_item>(std::vector<item>{{1, 2, 3}, {4, 5, 6}});
  CHECK(plain.as<wider_item>()[1].unit == "kg");
  CHECK(plain.as<wider_item>()[1].key == 4);
  CHECK(plain.as<wider_item>()[1].value == 6);

  const auto a = leat::model_ref::intern({"a", "1111"});
  const auto scored = as_now<leat::scored<wider_item>>(
      std::vector<leat::scored<item>>{{{1, 2, 3}, 0.5F, a}, {{4, 5, 6}, 0.25F, a}});
  CHECK(scored.as<leat::scored<wider_item>>()[1].record.key == 4);
  CHECK(scored.as<leat::scored<wider_item>>()[1].score == 0.25F);
  CHECK(scored.as<leat::scored<wider_item>>()[1].model == a);

  const auto refused = leat::conversion_of_rows(leat::row_type(*leat::row_codec_of<item>()),
                                                *leat::row_codec_of<text_item>());
  REQUIRE(!refused);
  CHECK(refused.error().what.starts_with("it was item("));
}

TEST_CASE("a command comes as it was given, whatever its texts hold") {
  CHECK(rc::check([](const std::string& stage, const std::string& verb, const std::string& payload,
                     leat::epoch epoch) {
    const leat::barrier sent{epoch, {{stage, verb, payload}, {verb, payload, stage}}};
    std::string bytes;
    leat::encode_barrier(sent, bytes);
    leat::byte_cursor from(bytes);
    const auto came = leat::decode_barrier(from);
    RC_ASSERT(came && came->epoch == epoch && came->commands == sent.commands);
    RC_ASSERT(from.left() == 0U);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      leat::byte_cursor part(std::string_view(bytes).substr(0, cut));
      RC_ASSERT(!leat::decode_barrier(part));
    }
  }));
}

TEST_CASE("cut and changed bytes are refused or make some frame, never a crash") {
  const auto codec = leat::row_codec_of<text_item>();
  support::for_seeds(300, [&](dice roll) {
    const frame sent = some_frame<text_item>(roll, some_text);
    const std::string bytes = bytes_of(sent, *codec);
    CHECK(!leat::decode_frame(bytes.substr(0, roll.size(0, bytes.size())), *codec));
    std::string changed = bytes;
    for (int n = roll(1, 4); n > 0; --n)
      changed[roll.size(8, changed.size())] = static_cast<char>(roll(0, 256));
    (void)leat::decode_frame(changed, *codec);
  });
}

TEST_CASE("a frame that was paid for beyond all measure can be sent on") {
  const auto codec = leat::row_codec_of<item>();
  frame f = support::frame_of(support::numbered(3));
  f.paid.bytes = std::int64_t{1} << 39;
  CHECK(bytes_of(f, *codec).size() < 1000);
}

TEST_CASE("a frame that takes more bytes than may travel is refused, with the record's place") {
  const auto codec = leat::row_codec_of<text_item>();
  auto rows = leat::make_rows(leat::record_type_of<text_item>);
  rows->add<text_item>(text_item{1, std::string(5000, 'x')}, {support::at(0, 17)}, {true, false});
  frame f;
  f.records = rows;
  std::string bytes;
  leat::encode_frame(f, *codec, bytes, 6000);
  const std::size_t size = bytes.size();
  leat::encode_frame(f, *codec, bytes, size); // what stood in the buffer before does not count
  const auto refused = [&](std::size_t most) {
    try {
      leat::encode_frame(f, *codec, bytes, most);
    } catch (const leat::failure& e) {
      return e.error().what;
    }
    return std::string{};
  };
  CHECK(refused(size - 1).find("record 17 takes") != std::string::npos);
  rows->add<text_item>(text_item{2, "y"}, {support::at(0, 18)}, {true, false});
  CHECK(refused(size).find("2 records take") != std::string::npos);
}
