// The timers of one subtask by one kind of time, in the order in which they fire. The states of the
// keys hold them, so that they are saved; this is the index of them by time. What kind of time says
// when they fire.
#pragma once

#include <leat/detail/state/keyed_store.hpp>
#include <leat/timer.hpp>

#include <set>

namespace leat {

/// In place of timers of a kind that an operator does not take.
template <class Time>
struct no_timers {
  explicit no_timers(detail::state_store&) {}
  detail::timer_service<Time>* service() { return nullptr; }
  bool any_due() const { return false; }
  void load() {}
};

template <class K, class Time>
class keyed_timers : public detail::timer_service<Time> {
public:
  /// One that fires.
  struct firing {
    Time time;
    K key;
    timer_by<Time> which;
  };

  explicit keyed_timers(detail::keyed_store<K>& states) : states_(states) {}
  detail::timer_service<Time>* service() { return this; }

  detail::timer_set& declare(std::string name) final {
    auto made = std::make_unique<detail::timer_set>();
    made->times = &states_.template declare<detail::timer_column>(
        std::string(detail::timer_kind<Time>) + ' ' + name);
    made->name = std::move(name);
    sets_.push_back(std::move(made));
    return *sets_.back();
  }

  /// All are declared.
  void open() {
    std::sort(sets_.begin(), sets_.end(),
              [](const auto& a, const auto& b) { return a->name < b->name; });
    for (std::uint32_t i = 0; i < sets_.size(); ++i)
      sets_[i]->number = i;
  }

  /// The states were loaded, and the timers with them. None of these is due: what was has fired
  /// before the barrier at which they were saved.
  void load() {
    if (sets_.empty())
      return;
    states_.visit_keys([this] {
      for (const auto& set : sets_)
        for (const auto& [time, is_set] : set->times->at(states_.slot()))
          later_.insert(entry_of(*set, Time{typename Time::duration{time}}));
    });
  }

  void cancel(detail::timer_set& timers, Time at) final {
    if (!is_set(timers, at))
      return;
    erase(timers, at);
    const entry e = entry_of(timers, at);
    if (due_.erase(e) == 0)
      later_.erase(e);
  }

  /// Whether one fires before anything else happens.
  bool any_due() const { return !due_.empty(); }

protected:
  struct entry {
    Time time;
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
  using queue = std::set<entry, fires_before>;

  bool is_set(const detail::timer_set& timers, Time at) const {
    return timers.times->find(states_.slot(), at.time_since_epoch().count());
  }

  void add(detail::timer_set& timers, Time at, bool due) {
    timers.times->edit(states_.claim(), at.time_since_epoch().count()) = true;
    (due ? due_ : later_).insert(entry_of(timers, at));
  }

  /// Takes the first one of a queue. Its key is at hand until leave() of the states, and as long as
  /// the firing lives.
  std::unique_ptr<firing> take_first(queue& from) {
    entry e = std::move(from.extract(from.begin()).value());
    auto first = std::make_unique<firing>(
        firing{e.time, std::move(e.key), timer_by<Time>(*sets_[e.number])});
    states_.enter(first->key);
    erase(*sets_[e.number], e.time);
    return first;
  }

  detail::keyed_store<K>& states_;
  queue due_;
  queue later_;

private:
  entry entry_of(const detail::timer_set& timers, Time at) const {
    return {at, timers.number, states_.hash(), states_.key()};
  }

  void erase(detail::timer_set& timers, Time at) {
    timers.times->erase(states_.slot(), at.time_since_epoch().count());
    states_.may_be_empty();
  }

  std::vector<std::unique_ptr<detail::timer_set>> sets_; ///< by number
};

} // namespace leat
