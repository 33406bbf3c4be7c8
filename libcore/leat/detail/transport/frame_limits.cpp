#include <leat/detail/transport/frame_limits.hpp>

namespace leat {

std::size_t frame_gauge::room(const rows& records) {
  if (full(records))
    return 0;
  const std::size_t left = capacity_ - records.size();
  if (!measured_)
    return left;
  const std::size_t held = held_by(records);
  const std::size_t usual = records.size() == 0 ? usual_ : held / records.size();
  const std::size_t known = std::max(records.size(), known_);
  return std::clamp<std::size_t>((bytes_ - held) / std::max<std::size_t>(usual, 1), 1,
                                 std::min(left, std::max<std::size_t>(2 * known, 1)));
}

std::size_t frame_gauge::fitting(const rows& records, const rows& others, std::size_t begin,
                                 std::size_t end) {
  if (full(records))
    return 1;
  const std::size_t most = std::min(end - begin, capacity_ - records.size());
  if (!measured_)
    return most;
  std::size_t held = held_by(records);
  return others.type().measure(others.record(begin), most, held, bytes_);
}

void frame_gauge::restart_after(const rows& records) {
  if (measured_ && records.size() > 0) {
    known_ = records.size();
    usual_ = held_by(records) / known_;
  }
  restart();
}

void frame_gauge::count(const rows& records) {
  records.type().measure(records.record(counted_), records.size() - counted_, held_,
                         std::numeric_limits<std::size_t>::max());
  counted_ = records.size();
}

} // namespace leat
