#include <leat/detail/transport/frame_spill.hpp>

#include <leat/detail/record/key.hpp>
#include <leat/detail/record/plain_bytes.hpp>
#include <leat/detail/transport/frame_codec.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

// Before each frame.
struct frame_head {
  std::uint64_t bytes;
  std::uint64_t checksum;
};

} // namespace

result<void> frame_spill::put(frame f) {
  f.paid = f.cost(); // decoding compares it
  bytes_.clear();
  put_plain(bytes_, frame_head{});
  encode_frame(f, *codec_, bytes_, std::numeric_limits<std::size_t>::max());
  const std::size_t size = bytes_.size() - sizeof(frame_head);
  const frame_head head{size, detail::hash_bytes(bytes_.data() + sizeof head, size)};
  std::memcpy(bytes_.data(), &head, sizeof head);
  ++frames_;
  left_ += bytes_.size();
  return file_->append(bytes_);
}

result<frame> frame_spill::take() {
  frame_head head{};
  if (auto read = file_->read(sizeof head, bytes_); !read)
    return read.error();
  std::memcpy(&head, bytes_.data(), sizeof head);
  if (left_ -= sizeof head; head.bytes > left_)
    return damaged("the length of a frame is not what was written");
  if (auto read = file_->read(head.bytes, bytes_); !read)
    return read.error();
  left_ -= head.bytes;
  if (detail::hash_bytes(bytes_.data(), bytes_.size()) != head.checksum)
    return damaged("its checksum differs");
  auto f = decode_frame(bytes_, *codec_);
  if (!f)
    return damaged(f.error().what);
  f->paid = {};
  --frames_;
  return f;
}

error frame_spill::damaged(const std::string& how) const {
  return external_error(fmt::format("\"{}\" is damaged: {}", file_->path(), how));
}

} // namespace leat
