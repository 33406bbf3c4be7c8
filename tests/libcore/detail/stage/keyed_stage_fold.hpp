// What a keyed stage should make of its records, computed the plainest way: one after the other.
#pragma once

#include "support/dice.hpp"
#include "support/flow.hpp"

#include <leat/detail/transport/raw_text.hpp>

#include <rapidcheck.h>

#include <set>

namespace keyed {

using support::item;
using namespace std::chrono_literals;

constexpr std::size_t ports = 3; // the main output, and the side outputs "a" and "b"
using columns_of_ports = std::array<leat::carried_columns, ports>;

constexpr auto disorder = 3us;
constexpr std::uint32_t stage_number = 5;

enum class ending { well, refused, by_exception, by_external_error };

// What a record makes the operator do.
struct deed {
  std::int64_t key = 0;
  std::int64_t number = 0;
  std::array<int, ports> emits = {};
  int delay = 0; // of the timer that it sets, in microseconds; 0: none
  ending how = ending::well;
  static constexpr auto fields =
      leat::fields("deed", leat::field("key", &deed::key), leat::field("number", &deed::number));

  friend std::ostream& operator<<(std::ostream& to, const deed& d) {
    return to << "\nkey " << d.key << " emits " << d.emits[0] << ' ' << d.emits[1] << ' '
              << d.emits[2] << ", delay " << d.delay << ", ends " << static_cast<int>(d.how);
  }
};

struct arrival {
  deed what;
  leat::envelope e;
};

inline std::vector<deed> any_deeds() {
  const auto emits = rc::gen::weightedElement<int>({{5, 0}, {5, 1}, {2, 2}, {1, 11}});
  const auto how = rc::gen::weightedElement<ending>({{7, ending::well}, {1, ending::refused}});
  const auto one = rc::gen::build<deed>(
      rc::gen::set(&deed::key, rc::gen::inRange<std::int64_t>(0, 4)),
      rc::gen::set(&deed::emits, rc::gen::container<std::array<int, ports>>(emits)),
      rc::gen::set(&deed::delay, rc::gen::inRange(0, 12)), rc::gen::set(&deed::how, how));
  return *rc::gen::scale(3.0, rc::gen::container<std::vector<deed>>(one));
}

// They come by several channels, with stamps that rise over all, as a merge brings them. The
// channel is the split.
inline std::vector<arrival> any_arrivals(const std::vector<deed>& deeds, support::dice& roll) {
  const int channels = roll(1, 4);
  std::map<std::uint32_t, std::uint64_t> positions;
  std::vector<arrival> all;
  leat::stamp at = support::at(1);
  leat::clock_time ingested = 0;
  for (const deed& d : deeds) {
    const auto split = static_cast<std::uint32_t>(roll(0, channels));
    at = {at.time + roll(split < at.split ? 1 : 0, 3) * 1us, at.source, split, ++positions[split]};
    if (roll(0, 3) == 0)
      at.path = at.path.child(3); // it descends from another
    ingested += roll(0, 5) == 0;
    all.push_back({d, {at, at.time - roll(0, 5) * 1us, roll.coin(), ingested}});
    all.back().what.number = static_cast<std::int64_t>(all.size());
  }
  return all;
}

struct row {
  item record;
  leat::envelope e;
  friend bool operator==(const row&, const row&) = default;
};

struct outcome {
  std::array<std::vector<row>, ports> sent;
  std::vector<std::string> letters; // "reason, place, raw record"
  std::uint64_t dropped = 0;        // timers
};

class fold {
public:
  fold(const leat::carried_columns& input, const columns_of_ports& carried)
      : input_(input), carried_(carried) {}

  outcome all;

  void take(const arrival& a, bool timed) {
    const auto& [key, number, emits, delay, how] = a.what;
    fire(later_, a.e.at);
    stand_at(a.e);
    if (timed && delay > 0)
      set(key, a.e.time + delay * 1us);
    ++count_[key];
    for (std::size_t port = 0; port < ports; ++port)
      for (int n = 0; n < emits[port]; ++n)
        emit(port, {key, number, count_[key]});
    const std::string place =
        input_.stamps ? "split " + std::to_string(a.e.at.split) + ", record " +
                            std::to_string(a.e.at.position)
                      : "record " + std::to_string(number) + " of the input of subtask 0";
    if (how == ending::refused)
      all.letters.push_back("refused, " + place + ", " + leat::raw_text(a.what));
    fire(due_, leat::end_of_stamps);
    reached_ = leat::end_of(a.e.at.time);
  }
  // From here on timers beyond the last of their key are dropped.
  void end() {
    fire(later_, reached_);
    for (const auto& [at, hash, key] : later_)
      last_[key] = at;
    ended_ = true;
    fire(later_, leat::end_of_stamps);
  }

private:
  using queue = std::set<std::tuple<leat::event_time, std::uint64_t, std::int64_t>>;

  void stand_at(const leat::envelope& e) {
    if (here_.at != e.at)
      children_ = {};
    here_ = e;
  }
  void emit(std::size_t port, const item& i) {
    leat::envelope e{.ingested = here_.ingested};
    if (carried_[port].stamps)
      e.at = here_.at, e.at.path = here_.at.path.child(children_[port]++);
    if (carried_[port].event_times)
      e.time = here_.time, e.late = here_.late;
    all.sent[port].push_back({i, e});
  }
  void set(std::int64_t key, leat::event_time at) {
    if (ended_ && (!last_.contains(key) || at > last_[key]))
      ++all.dropped;
    else
      (at + disorder <= here_.at.time ? due_ : later_).emplace(at, leat::key_hash(key), key);
  }
  // Those that come later stand among the records, those that are due where they were set.
  void fire(queue& timers, const leat::stamp& until) {
    while (!timers.empty()) {
      const auto [at, hash, key] = *timers.begin();
      const leat::stamp own{at + disorder, stage_number, 0, hash, leat::stamp_path{}.child(0)};
      const leat::stamp place = &timers == &later_ ? own : here_.at;
      if (place > until)
        return;
      stand_at({place, at, false, support::set_clock{}.now()});
      timers.erase(timers.begin());
      const std::int64_t n = ++count_[key];
      emit(0, {key, -1, n});
      emit(2, {key, -1, n});
      if (n % 2 == 0)
        set(key, at + 4us);
      if (n % 5 == 0)
        all.letters.push_back("a fifth, timer \"t\" at " +
                              std::to_string(at.time_since_epoch().count()) + ", ");
    }
  }

  const leat::carried_columns input_;
  const columns_of_ports carried_;
  std::map<std::int64_t, std::int64_t> count_;
  leat::envelope here_;
  leat::stamp reached_;
  std::array<std::uint64_t, ports> children_ = {}; // of what is at hand
  queue due_, later_;
  std::map<std::int64_t, leat::event_time> last_; // by key, at the end
  bool ended_ = false;
};

} // namespace keyed
