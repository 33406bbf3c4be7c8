// Frames in a file, for a stage that holds more of them than its memory allows.
#pragma once

#include <leat/detail/transport/frame.hpp>
#include <leat/detail/transport/row_codec.hpp>
#include <leat/detail/transport/scratch_file.hpp>

namespace leat {

/// Returns frames in the order in which they were put; first all are put, then all are taken. Of
/// one thread at a time; calls may wait for a disk.
class frame_spill {
public:
  frame_spill(const row_codec& codec, std::unique_ptr<scratch_file> file)
      : codec_(&codec), file_(std::move(file)) {}

  /// A frame of records, without events.
  result<void> put(frame f);
  bool empty() const { return frames_ == 0; }
  /// The next one; not if it is empty. An error if the file is damaged.
  result<frame> take();

private:
  error damaged(const std::string& how) const;

  const row_codec* codec_;
  std::unique_ptr<scratch_file> file_;
  std::string bytes_; // of a frame, kept for the next
  std::uint64_t frames_ = 0;
  std::uint64_t left_ = 0; // bytes
};

} // namespace leat
