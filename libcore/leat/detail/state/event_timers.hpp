// Timers of event time: one more channel of what a stage merges.
#pragma once

#include <leat/detail/record/envelope.hpp>
#include <leat/detail/state/keyed_timers.hpp>

#include <map>

namespace leat {

/// A timer that stands at time t fires at the stamp (t + out_of_order, stage, set, hash of the
/// key): by then the watermark is t.
template <class K>
class event_timers final : public keyed_timers<K, event_time> {
  using base = keyed_timers<K, event_time>;
  using base::due_, base::later_, base::states_;
  using typename base::entry;

public:
  using base::base;

  /// All are declared. `stage`: its number; `out_of_order`: the most of all sources before it.
  void open(std::uint32_t stage, std::chrono::microseconds out_of_order) {
    stage_ = stage, out_of_order_ = out_of_order;
    base::open();
  }

  /// The stamp of what is at hand: a record, or what fires.
  void stand_at(const stamp& here) { here_ = here; }
  const stamp& here() const { return here_; }

  /// A timer up to what has passed here fires right after what is at hand.
  void set(detail::timer_set& timers, event_time at) override {
    if (this->is_set(timers, at))
      return;
    if (ended_ && at > last_of_key())
      return void(++dropped_);
    this->add(timers, at, passes(at));
  }

  /// Whether one stands up to this place.
  bool any_up_to(const stamp& place) const {
    return this->any_due() || (!later_.empty() && stamp_of(*later_.begin(), 0) <= place);
  }

  /// Takes the first one, whose place is here() from now on; contract: there is one.
  auto take() {
    if (this->any_due())
      return this->take_first(due_);
    here_ = stamp_of(*later_.begin(), twins_before(*later_.begin()));
    return this->take_first(later_);
  }

  /// The input has ended: what is set from here on beyond the last one of its key is dropped, and
  /// counted.
  void end() {
    ended_ = true;
    for (const entry& e : later_) // in the order of time
      last_[e.key] = e.time;
  }
  std::uint64_t take_dropped() { return std::exchange(dropped_, 0); }

private:
  event_time last_of_key() const {
    const auto found = last_.find(states_.key());
    return found == last_.end() ? begin_of_time : found->second;
  }

  // What timers of earlier stages emit stands before those of this one at the same time.
  bool passes(event_time t) const {
    return std::tuple(fires_at(t), stage_) <= std::tie(here_.time, here_.source);
  }
  event_time fires_at(event_time t) const {
    return t > end_of_time - out_of_order_ ? end_of_time : t + out_of_order_;
  }
  stamp stamp_of(const entry& e, std::uint64_t twin) const {
    return {fires_at(e.time), stage_, e.number, e.hash, stamp_path{}.child(twin)};
  }

  // Keys with equal hashes fire one after the other.
  std::uint64_t twins_before(const entry& e) {
    const std::tuple place = e.place();
    twin_ = place == taken_ ? twin_ + 1 : 0;
    taken_ = place;
    return twin_;
  }

  stamp here_;
  std::tuple<event_time, std::uint32_t, std::uint64_t> taken_{begin_of_time, 0, 0};
  std::uint64_t twin_ = 0;
  bool ended_ = false;
  std::map<K, event_time, detail::key_order> last_; ///< of each key, when the input ended
  std::uint64_t dropped_ = 0;
  std::uint32_t stage_ = 0;
  std::chrono::microseconds out_of_order_{0};
};

} // namespace leat
