// Credit is the right to send. The consumer grants it on every edge, in frames, records and bytes;
// nothing is ever estimated from time. It returns when a record enters the consumer's state, not
// when it leaves: a stage that holds records until a watermark must not starve the source of it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leat {

/// An amount of credit, or of what was sent under it.
struct credit {
  std::int64_t frames = 0;
  std::int64_t records = 0;
  std::int64_t bytes = 0;

  credit& operator+=(const credit& o) {
    frames += o.frames, records += o.records, bytes += o.bytes;
    return *this;
  }
  credit& operator-=(const credit& o) {
    frames -= o.frames, records -= o.records, bytes -= o.bytes;
    return *this;
  }
  friend bool operator==(const credit&, const credit&) = default;
};

/// The sender's side of one lane. A frame may go while credit is above zero, so a lane overdraws by
/// at most one frame.
class credit_window {
public:
  explicit credit_window(credit initial = {}) : all_(initial), left_(initial) {}
  bool open() const { return left_.frames > 0 && left_.records > 0 && left_.bytes > 0; }
  void spend(const credit& frame) { left_ -= frame; }
  /// False if more came back than was spent: somebody does not keep to the protocol.
  bool grant(const credit& returned) {
    left_ += returned;
    return left_.frames <= all_.frames && left_.records <= all_.records &&
           left_.bytes <= all_.bytes;
  }
  const credit& left() const { return left_; }

private:
  credit all_;
  credit left_;
};

/// The consumer's side of one lane: gathers what entered its state and returns it in lumps of a
/// quarter of the window, so that grants are few and the sender never runs dry in between.
class credit_return {
public:
  explicit credit_return(credit window = {}) : window_(window), senders_(window) {}
  /// A frame has come. False if its sender had no credit for it.
  [[nodiscard]] bool arrived(const credit& frame) {
    const bool had_credit = senders_.open();
    senders_.spend(frame);
    return had_credit;
  }
  void entered(const credit& frame) { due_ += frame; }
  bool worth_granting() const {
    return due_.frames * 4 >= window_.frames || due_.records * 4 >= window_.records ||
           due_.bytes * 4 >= window_.bytes;
  }
  bool empty() const { return due_ == credit{}; }
  credit take() {
    const credit all = due_;
    due_ = {};
    senders_.grant(all);
    return all;
  }

private:
  credit window_;
  credit_window senders_; // as the sender will see it
  credit due_;
};

} // namespace leat
