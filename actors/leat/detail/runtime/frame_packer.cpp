#include <leat/detail/runtime/frame_packer.hpp>

#include <leat/detail/record/plain_bytes.hpp>

#include <new>
#include <zstd.h>

namespace leat {

namespace {

enum packing : char { as_it_is = 0, by_zstd = 1 };

// Level 3 takes up to a quarter more time, and saves a twelfth at most.
constexpr int zstd_level = 1;

// Four bytes of zstd hold one block at least, and a block is at most 128 KiB.
constexpr std::size_t most_from_a_byte = 32 * 1024;

// Frames are small but for those of huge records, whose room is given back.
void keep_room(std::string& buffer) {
  constexpr std::size_t most_kept = 1024 * 1024;
  if (buffer.capacity() > most_kept)
    buffer = {};
}

// Room for so many bytes. Those that were there before need not be cleared.
char* grow(std::string& buffer, std::size_t size) {
  if (buffer.size() < size)
    buffer.resize(size);
  return buffer.data();
}

template <class Context>
Context* allocated(Context* context) {
  if (!context)
    throw std::bad_alloc();
  return context;
}

std::string packed_as(packing how, std::string_view bytes) {
  std::string packed;
  packed.reserve(1 + bytes.size());
  packed += how;
  packed += bytes;
  return packed;
}

// One frame of the present format, which says how large its content is; older formats have other
// decoders. 0 if it is none.
std::size_t content_size(std::string_view bytes) {
  std::uint32_t magic = 0;
  byte_cursor head(bytes);
  if (!get_plain(head, magic) || magic != ZSTD_MAGICNUMBER ||
      ZSTD_findFrameCompressedSize(bytes.data(), bytes.size()) != bytes.size())
    return 0;
  const auto size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  return size <= most_frame_bytes && size / most_from_a_byte <= bytes.size() ? size : 0;
}

} // namespace

void frame_packer::release::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void frame_packer::release::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

frame_packer::frame_packer(bool compresses) : compresses_(compresses) {}

std::string frame_packer::pack(const frame& f, const row_codec& codec) {
  if (compresses_)
    return pack_compressed(f, codec);
  std::string packed(1, as_it_is);
  encode_frame(f, codec, packed);
  return packed;
}

std::string frame_packer::pack_compressed(const frame& f, const row_codec& codec) {
  if (!compressor_) {
    compressor_.reset(allocated(ZSTD_createCCtx()));
    ZSTD_CCtx_setParameter(compressor_.get(), ZSTD_c_compressionLevel, zstd_level);
  }
  plain_.clear();
  encode_frame(f, codec, plain_);
  char* const to = grow(compressed_, plain_.size());
  const std::size_t size =
      ZSTD_compress2(compressor_.get(), to, plain_.size() - 1, plain_.data(), plain_.size());
  std::string packed = ZSTD_isError(size) ? packed_as(as_it_is, plain_) // it has no room to grow
                                          : packed_as(by_zstd, {to, size});
  keep_room(plain_), keep_room(compressed_);
  return packed;
}

result<frame> frame_packer::unpack(std::string_view packed, const row_codec& codec) {
  if (packed.empty())
    return internal_error("a frame without a byte");
  const std::string_view bytes = packed.substr(1);
  if (packed.front() == as_it_is)
    return decode_frame(bytes, codec);
  if (packed.front() != by_zstd)
    return internal_error("a frame in an unknown packing");
  const auto plain = decompressed(bytes);
  if (!plain)
    return internal_error("corrupt bytes of a compressed frame");
  auto f = decode_frame(*plain, codec);
  keep_room(plain_);
  return f;
}

std::optional<std::string_view> frame_packer::decompressed(std::string_view bytes) {
  const std::size_t size = content_size(bytes);
  if (size == 0)
    return {};
  if (!decompressor_)
    decompressor_.reset(allocated(ZSTD_createDCtx()));
  char* const to = grow(plain_, size);
  if (ZSTD_decompressDCtx(decompressor_.get(), to, size, bytes.data(), bytes.size()) != size)
    return {};
  return std::string_view(to, size);
}

} // namespace leat
