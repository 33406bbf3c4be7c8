// The frame codec: any bytes are a frame or an error, and a frame that was read is written and read
// again. Half of the inputs are frames with bytes changed: random bytes alone seldom get far.
#include "fuzz/fuzz.hpp"

#include "support/frames.hpp"

#include <leat/detail/transport/frame_codec.hpp>

namespace {

using fuzz::take;
using leat::frame;
using support::dice;

struct deep {
  std::optional<std::vector<std::string>> texts;
  std::vector<bool> flags;
  std::vector<support::item> items;
  std::array<float, 3> numbers{};
  bool set = false;
  static constexpr auto fields =
      leat::fields("deep", leat::field("texts", &deep::texts), leat::field("flags", &deep::flags),
                   leat::field("items", &deep::items), leat::field("numbers", &deep::numbers),
                   leat::field("set", &deep::set));
};

deep some_deep(dice& roll) {
  deep d;
  if (roll.coin())
    d.texts.emplace(roll.size(0, 4), std::string(roll.size(0, 5), 'x'));
  d.flags.assign(roll.size(0, 9), roll.coin());
  d.items.resize(roll.size(0, 4));
  d.set = roll.coin();
  return d;
}

/// Scores by one of few models: identities are kept for ever.
leat::scored<support::item> some_score(dice& roll) {
  const auto model = leat::model_ref::intern({roll.coin() ? "a" : "b", "1111"});
  return {support::some_item(roll), static_cast<float>(roll(0, 9)),
          roll.coin() ? model : leat::model_ref{}};
}

std::string encoded(const frame& f, const leat::row_codec& codec) {
  std::string bytes;
  leat::encode_frame(f, codec, bytes);
  return bytes;
}

/// The input as the body of a frame, or as a seed of one, and of changes to it.
template <class T, class Make>
std::string some_bytes(std::string_view input, const leat::row_codec& codec, Make make) {
  const std::uint64_t fingerprint = codec.fingerprint();
  std::string bytes(reinterpret_cast<const char*>(&fingerprint), sizeof fingerprint);
  if (take<std::uint8_t>(input) % 2 == 0)
    return bytes.append(input);
  dice roll(take<std::uint16_t>(input));
  bytes = encoded(support::some_frame<T>(roll, make), codec);
  return fuzz::altered(std::move(bytes), input);
}

template <class T, class Make>
void check(std::string_view input, Make make) {
  static const auto codec = leat::row_codec_of<T>();
  const auto came = leat::decode_frame(some_bytes<T>(input, *codec, make), *codec);
  if (!came)
    return;
  const std::string written = encoded(*came, *codec);
  const auto again = leat::decode_frame(written, *codec);
  fuzz::require(bool(again), "a frame that was written can be read");
  fuzz::require(encoded(*again, *codec) == written, "and is the same");
  fuzz::require(again->size() == came->size(), "with as many records");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  switch (take<std::uint8_t>(input) % 4) {
  case 0:
    check<support::item>(input, support::some_item);
    break;
  case 1:
    check<support::text_item>(input, support::some_text);
    break;
  case 2:
    check<deep>(input, some_deep);
    break;
  default:
    check<leat::scored<support::item>>(input, some_score);
  }
  return 0;
}
