// The packing of frames, compressed or not: any bytes are a frame or an error, and a frame that was
// read is packed and read again. Half of the inputs are packed frames with bytes changed: random
// bytes alone are seldom zstd's.
#include "fuzz/fuzz.hpp"

#include "support/frames.hpp"

#include <leat/detail/runtime/frame_packer.hpp>

namespace {

using fuzz::take;
using support::text_item;

std::string some_bytes(std::string_view input, leat::frame_packer& packer,
                       const leat::row_codec& codec) {
  if (take<std::uint8_t>(input) % 2 == 0)
    return std::string(input);
  support::dice roll(take<std::uint16_t>(input));
  return fuzz::altered(packer.pack(support::some_frame<text_item>(roll, support::some_text), codec),
                       input);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto& codec = *leat::row_codec_of<text_item>();
  static leat::frame_packer packer(true); // what it keeps may be spoilt by the input before
  const auto came = packer.unpack(some_bytes(fuzz::text_of(data, size), packer, codec), codec);
  if (!came)
    return 0;
  const std::string written = packer.pack(*came, codec);
  const auto again = packer.unpack(written, codec);
  fuzz::require(bool(again), "a frame that was packed can be read");
  fuzz::require(packer.pack(*again, codec) == written, "and is the same");
  return 0;
}
