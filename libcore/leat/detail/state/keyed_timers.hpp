// The timers of one subtask, in the order in which they fire. The states of the keys hold them, so
// that they are saved; this is the index of them by time.
#pragma once

#include <leat/detail/record/envelope.hpp>
#include <leat/detail/state/keyed_store.hpp>
#include <leat/timer.hpp>

#include <map>
#include <set>

namespace leat {

/// In place of keyed_timers where an operator takes none.
struct no_timers {
  explicit no_timers(detail::state_store&) {}
  detail::timer_service* service() { return nullptr; }
  void open(std::uint32_t, std::chrono::microseconds) {}
  bool any_due() const { return false; }
  bool any_up_to(const stamp&) const { return false; }
  void load() {}
  void end() {}
  std::uint64_t take_dropped() { return 0; }
};

/// A timer that stands at time t fires at the stamp (t + out_of_order, stage, set, hash of the
/// key): by then the watermark is t. So timers are one more channel of what a stage merges.
template <class K>
class keyed_timers final : public detail::timer_service {
public:
  /// One that fires.
  struct firing {
    stamp at;
    event_time time;
    K key;
    timer which;
  };

  explicit keyed_timers(detail::keyed_store<K>& states) : states_(states) {}
  detail::timer_service* service() { return this; }

  detail::timer_set& declare(std::string name) override {
    auto made = std::make_unique<detail::timer_set>();
    made->times = &states_.template declare<detail::timer_column>("timer " + name);
    made->name = std::move(name);
    sets_.push_back(std::move(made));
    return *sets_.back();
  }

  /// All are declared. `stage`: its number; `out_of_order`: the most of all sources before it.
  void open(std::uint32_t stage, std::chrono::microseconds out_of_order) {
    stage_ = stage, out_of_order_ = out_of_order;
    std::sort(sets_.begin(), sets_.end(),
              [](const auto& a, const auto& b) { return a->name < b->name; });
    for (std::uint32_t i = 0; i < sets_.size(); ++i)
      sets_[i]->number = i;
  }

  /// The states were loaded, and the timers with them. None of these is due: what was has fired
  /// before the barrier at which they were saved.
  void load() {
    for (const key_group group : states_.groups())
      for (const K& key : states_.keys(group)) {
        states_.enter(key);
        for (const auto& set : sets_)
          for (const auto& [time, is_set] : set->times->at(states_.slot()))
            later_.insert(entry_of(*set, from_micros(time)));
        states_.leave();
      }
  }

  void set(detail::timer_set& timers, event_time at, event_time watermark) override {
    const std::int64_t time = at.time_since_epoch().count();
    if (timers.times->find(states_.slot(), time))
      return;
    if (ended_ && at > last_of_key())
      return void(++dropped_);
    timers.times->edit(states_.claim(), time) = true;
    (at <= watermark ? due_ : later_).insert(entry_of(timers, at));
  }

  void cancel(detail::timer_set& timers, event_time at) override {
    if (!timers.times->find(states_.slot(), at.time_since_epoch().count()))
      return;
    erase(timers, at);
    const entry e = entry_of(timers, at);
    if (due_.erase(e) == 0)
      later_.erase(e);
  }

  /// Whether one fires right after the record before, and whether one stands up to this place.
  bool any_due() const { return !due_.empty(); }
  bool any_up_to(const stamp& place) const {
    return any_due() || (!later_.empty() && stamp_of(*later_.begin(), 0) <= place);
  }

  /// Takes the first one; contract: there is one. What is due stands `here`. Its key is at hand
  /// until leave() of the states, and as long as the firing lives.
  std::unique_ptr<firing> take(const stamp& here) {
    const bool due = any_due();
    auto& from = due ? due_ : later_;
    entry e = std::move(from.extract(from.begin()).value());
    const stamp at = due ? here : stamp_of(e, twins_before(e));
    auto first =
        std::make_unique<firing>(firing{at, e.time, std::move(e.key), timer(*sets_[e.number])});
    states_.enter(first->key);
    erase(*sets_[e.number], e.time);
    return first;
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
  struct entry {
    event_time time;
    std::uint32_t number; ///< of its set
    std::uint64_t hash;
    K key;

    auto place() const { return std::tie(time, number, hash); }
  };
  struct fires_before {
    bool operator()(const entry& a, const entry& b) const {
      return a.place() != b.place() ? a.place() < b.place() : detail::key_before(a.key, b.key);
    }
  };

  entry entry_of(const detail::timer_set& timers, event_time at) const {
    return {at, timers.number, states_.hash(), states_.key()};
  }

  event_time last_of_key() const {
    const auto found = last_.find(states_.key());
    return found == last_.end() ? begin_of_time : found->second;
  }

  void erase(detail::timer_set& timers, event_time at) {
    timers.times->erase(states_.slot(), at.time_since_epoch().count());
    states_.may_be_empty();
  }

  stamp stamp_of(const entry& e, std::uint64_t twin) const {
    const event_time fires =
        e.time > end_of_time - out_of_order_ ? end_of_time : e.time + out_of_order_;
    return {fires, stage_, e.number, e.hash, stamp_path{}.child(twin)};
  }

  // Keys with equal hashes fire one after the other.
  std::uint64_t twins_before(const entry& e) {
    const std::tuple place = e.place();
    twin_ = place == taken_ ? twin_ + 1 : 0;
    taken_ = place;
    return twin_;
  }

  detail::keyed_store<K>& states_;
  std::vector<std::unique_ptr<detail::timer_set>> sets_; ///< by number
  std::set<entry, fires_before> due_;                    ///< set when their time had come
  std::set<entry, fires_before> later_;
  std::tuple<event_time, std::uint32_t, std::uint64_t> taken_{begin_of_time, 0, 0};
  std::uint64_t twin_ = 0;
  bool ended_ = false;
  std::map<K, event_time, detail::key_order> last_; ///< of each key, when the input ended
  std::uint64_t dropped_ = 0;
  std::uint32_t stage_ = 0;
  std::chrono::microseconds out_of_order_{0};
};

} // namespace leat
