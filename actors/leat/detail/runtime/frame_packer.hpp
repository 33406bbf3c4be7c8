// Frames as they travel to another process: a byte that says how, then what frame_codec.hpp writes,
// as it is or compressed.
#pragma once

#include <leat/detail/transport/frame_codec.hpp>

struct ZSTD_CCtx_s; // of <zstd.h>
struct ZSTD_DCtx_s;

namespace leat {

/// Packs and unpacks the frames of one subtask. Keeps what zstd works with, so that a frame
/// allocates no more than its bytes. One thread at a time.
class frame_packer {
public:
  /// `compresses`: frames that get smaller by it are packed compressed. It unpacks both kinds.
  explicit frame_packer(bool compresses);

  /// Throws leat::failure if the frame exceeds most_frame_bytes.
  std::string pack(const frame& f, const row_codec& codec);

  /// Reads what any packer wrote. The error says what differs; nothing is trusted, and no more is
  /// allocated than the bytes can hold.
  result<frame> unpack(std::string_view packed, const row_codec& codec);

private:
  struct release {
    void operator()(ZSTD_CCtx_s* context) const;
    void operator()(ZSTD_DCtx_s* context) const;
  };

  std::string pack_compressed(const frame& f, const row_codec& codec);
  std::optional<std::string_view> decompressed(std::string_view bytes);

  bool compresses_;
  std::unique_ptr<ZSTD_CCtx_s, release> compressor_;   // made with the first frame it is for
  std::unique_ptr<ZSTD_DCtx_s, release> decompressor_; // likewise
  std::string plain_;                                  // of the frame at hand
  std::string compressed_;                             // likewise
};

} // namespace leat
