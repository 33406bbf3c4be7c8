#include <leat/detail/runtime/frame_packer.hpp>

#include "support/catch.hpp"
#include "support/frames.hpp"

#include <cstring>
#include <zstd.h>

namespace {

using leat::frame;
using leat::frame_packer;
using support::dice;

const leat::row_codec& codec() { return *leat::row_codec_of<support::text_item>(); }

std::string encoded(const frame& f) {
  std::string bytes;
  leat::encode_frame(f, codec(), bytes);
  return bytes;
}

frame any_frame(dice& roll) {
  return support::some_frame<support::text_item>(roll, support::some_text);
}

frame frame_of(std::vector<std::string> texts) {
  auto rows = leat::make_rows(leat::record_type_of<support::text_item>);
  for (std::string& text : texts)
    rows->add<support::text_item>(support::text_item{1, std::move(text)}, {{}, {}, false, 0}, {});
  frame f;
  f.records = std::move(rows);
  f.paid = f.cost();
  return f;
}

std::string random_text(dice& roll, std::size_t size) {
  std::string text(size, ' ');
  for (char& c : text)
    c = static_cast<char>(roll(0, 256));
  return text;
}

/// As a compressed frame: these bytes, by zstd itself.
std::string compressed(std::string_view bytes) {
  std::string to(1 + ZSTD_compressBound(bytes.size()), '\1');
  to.resize(1 + ZSTD_compress(to.data() + 1, to.size() - 1, bytes.data(), bytes.size(), 1));
  return to;
}

/// The head of a zstd frame that announces so many bytes, and an empty last block.
std::string announcing(std::uint64_t bytes) {
  std::string head("\1\x28\xB5\x2F\xFD\xE0", 6); // packing, magic, 8 bytes of size without a window
  head.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
  return head.append("\1\0\0", 3);
}

void is_refused(std::string_view packed, std::string_view why) {
  const auto f = frame_packer(false).unpack(packed, codec());
  REQUIRE_FALSE(f);
  CHECK(f.error().domain == leat::error_domain::internal);
  CHECK(f.error().what == why);
}

constexpr auto corrupt = "corrupt bytes of a compressed frame";

} // namespace

TEST_CASE("a packed frame is unpacked as it was, by any packer, and takes a byte more at most") {
  frame_packer plain(false), compressing(true);
  int smaller = 0;
  support::for_seeds(500, [&](dice roll) {
    const frame f = any_frame(roll);
    const std::string bytes = encoded(f);
    for (frame_packer* by : {&plain, &compressing}) {
      const std::string packed = by->pack(f, codec());
      REQUIRE(packed.size() <= bytes.size() + 1);
      smaller += packed.size() < bytes.size();
      for (frame_packer* with : {&plain, &compressing}) {
        const auto came = with->unpack(packed, codec());
        REQUIRE(came);
        REQUIRE(encoded(*came) == bytes);
      }
    }
  });
  CHECK(smaller > 100);
}

TEST_CASE("frames are compressed only if asked for, and only where that saves bytes") {
  support::for_seeds(20, [](dice roll) {
    const frame same = frame_of(std::vector<std::string>(500, "the same again"));
    CHECK(frame_packer(false).pack(same, codec()).size() == encoded(same).size() + 1);
    CHECK(frame_packer(true).pack(same, codec()).size() < encoded(same).size() / 10);
    const frame noise = frame_of({random_text(roll, 30'000)});
    CHECK(frame_packer(true).pack(noise, codec()) == '\0' + encoded(noise));
  });
}

TEST_CASE("huge frames and small ones may alternate") {
  frame_packer packer(true);
  support::for_seeds(6, [&](dice roll) {
    for (const std::size_t size : {std::size_t{3}, std::size_t{3'000'000}, roll.size(1, 100'000)})
      for (const bool noise : {false, true}) {
        const frame f = frame_of({noise ? random_text(roll, size) : std::string(size, 'x')});
        const auto came = packer.unpack(packer.pack(f, codec()), codec());
        REQUIRE(came);
        REQUIRE(encoded(*came) == encoded(f));
      }
  });
}

TEST_CASE("bytes that no packer wrote are an error, or a frame that can be written") {
  frame_packer packer(true);
  int errors = 0;
  support::for_seeds(3000, [&](dice roll) {
    std::string packed = roll.coin() ? packer.pack(any_frame(roll), codec())
                                     : compressed(random_text(roll, roll.size(0, 200)));
    for (int changes = roll(1, 5); changes > 0; --changes)
      packed[roll.size(0, packed.size())] = static_cast<char>(roll(0, 256));
    packed.resize(roll.coin() ? packed.size() : roll.size(0, packed.size()));
    const auto came = packer.unpack(packed, codec());
    errors += !came;
    if (came)
      REQUIRE(packer.unpack(packer.pack(*came, codec()), codec()));
    else
      REQUIRE(came.error().domain == leat::error_domain::internal);
  });
  CHECK(errors > 1000);
}

TEST_CASE("what is wrong with a packed frame is said") {
  const std::string bytes = encoded(frame_of(std::vector<std::string>(9, "the same again")));
  const std::string good = compressed(bytes);
  REQUIRE(frame_packer(false).unpack(good, codec()));
  is_refused("", "a frame without a byte");
  is_refused("\2" + bytes, "a frame in an unknown packing");
  is_refused("\1", corrupt);
  is_refused("\1" + bytes, corrupt);
  is_refused(good.substr(0, good.size() - 1), corrupt);
  is_refused(good + '\0', corrupt);
  is_refused(good + good.substr(1), corrupt); // two in a row
  is_refused(compressed(""), corrupt);
  is_refused(compressed("abc"), "a frame of less than its head");
  const std::string old_format("\1\x27\xB5\x2F\xFD\1\0\0\0", 9);
  is_refused(old_format, corrupt);
}

TEST_CASE("what a frame announces is not believed") {
  for (const std::uint64_t bytes :
       {std::uint64_t{1} << 20, std::uint64_t{leat::most_frame_bytes},
        std::uint64_t{leat::most_frame_bytes} + 1, std::uint64_t{1} << 40, ~std::uint64_t{0} - 5}) {
    INFO(bytes);
    is_refused(announcing(bytes), corrupt);
  }
  is_refused(announcing(100), corrupt); // it holds none
}
