// Marks: what a sender promises about the records that follow. They travel beside the frames.
#pragma once

#include <leat/stamp.hpp>

#include <algorithm>

namespace leat {

/// No record with a stamp up to and including `progress` follows. An idle sender promises nothing:
/// consumers do not wait for it until it sends again. A stalled one, or one behind it, waits for
/// credit or for slower sources: a consumer that holds records back should let them go, since what
/// it waits for may wait for those.
struct mark {
  stamp progress;
  bool idle = false;
  bool stalled = false;

  void raise(const mark& other) {
    progress = std::max(progress, other.progress);
    idle = other.idle;
    stalled = other.stalled;
  }
  friend bool operator==(const mark&, const mark&) = default;
};

inline constexpr mark end_mark{end_of_stamps, false, false};

/// What several senders promise together: the least of those that are active. If all are idle it is
/// the highest, and idle. Nobody promises end_mark.
class joint_mark {
public:
  joint_mark() = default;
  explicit joint_mark(const mark& m) : stalled_(m.stalled) {
    if (m.idle)
      any_idle_ = true, highest_idle_ = m.progress;
    else
      any_active_ = true, least_active_ = m.progress;
  }

  joint_mark& operator+=(const joint_mark& o) {
    least_active_ = std::min(least_active_, o.least_active_);
    highest_idle_ = std::max(highest_idle_, o.highest_idle_);
    any_active_ = any_active_ || o.any_active_;
    any_idle_ = any_idle_ || o.any_idle_;
    stalled_ = stalled_ || o.stalled_;
    return *this;
  }
  friend joint_mark operator+(joint_mark a, const joint_mark& b) { return a += b; }

  mark together() const {
    const bool idle = any_idle_ && !any_active_;
    return {idle ? highest_idle_ : least_active_, idle, stalled_};
  }

private:
  stamp least_active_ = end_of_stamps;
  stamp highest_idle_;
  bool any_active_ = false;
  bool any_idle_ = false;
  bool stalled_ = false;
};

} // namespace leat
