// Random input of several channels, and what a merge is to make of it: all records as one sorted
// list, with no frames and no promises. Written apart from the inlet, to check it.
#pragma once

#include "support/dice.hpp"
#include "support/flow.hpp"

#include <algorithm>

namespace merging {

/// What a producer sends: a frame, and what it promises behind it.
struct sending {
  std::optional<leat::frame> content;
  std::optional<leat::mark> promised = {};
  sending(leat::frame f) : content(std::move(f)) {} // NOLINT: as a frame
  sending(std::optional<leat::frame> f, const leat::mark& m) : content(std::move(f)), promised(m) {}
};

/// What a producer sends on one channel, in order.
struct script {
  std::vector<sending> frames;
  std::size_t sent = 0;
  std::vector<std::size_t> behind_barrier = {}; ///< frames up to and with each
};

/// A record: its stamp, and where it came from.
struct labelled {
  leat::stamp at;
  std::size_t channel;
  std::int64_t number;
  friend auto operator<=>(const labelled&, const labelled&) = default;
};

/// All in the order of stamps, or only each channel in its own.
inline std::vector<labelled> naive_merge(std::vector<labelled> all, bool by_stamp) {
  std::ranges::stable_sort(all, [by_stamp](const labelled& a, const labelled& b) {
    return by_stamp ? a < b : a.channel < b.channel;
  });
  return all;
}

/// Records, empty frames, promises and barriers on several channels; each channel ends.
struct random_input {
  random_input(support::dice& roll, std::size_t channels)
      : ties(roll.coin()), barriers(roll(0, 3)), scripts(channels), before_barrier(channels) {
    for (std::size_t c = 0; c < channels; ++c)
      fill(roll, c);
  }

  const bool ties; ///< records of several channels may have one stamp
  const int barriers;
  std::vector<script> scripts;                          ///< by channel
  std::vector<std::vector<std::size_t>> before_barrier; ///< by channel: records before each
  std::vector<labelled> records;                        ///< by channel, in their order

private:
  void fill(support::dice& roll, std::size_t c) {
    script& to = scripts[c];
    std::int64_t time = 0;
    const std::size_t others = records.size();
    for (int part = 0; part <= barriers; ++part) {
      const std::size_t first = to.frames.size();
      for (int frames = roll(0, 8); frames > 0; --frames) {
        sending f{leat::frame{}};
        if (roll(0, 4) != 0)
          f = frame_of(roll, c, time);
        if (roll.coin())
          f.promised = support::mark_at(support::at(time));
        to.frames.push_back(std::move(f));
      }
      if (to.frames.size() == first || roll.coin())
        to.frames.push_back(leat::frame{}); // of an event alone
      leat::frame& f = *to.frames.back().content;
      if (part < barriers) {
        f.barrier_at =
            std::make_shared<leat::barrier>(leat::barrier{static_cast<leat::epoch>(part + 1), {}});
        before_barrier[c].push_back(records.size() - others);
        to.behind_barrier.push_back(to.frames.size());
      } else {
        f.last = true;
        f.ended_at = leat::from_micros(time);
      }
    }
  }

  leat::frame frame_of(support::dice& roll, std::size_t c, std::int64_t& time) {
    const auto channels = static_cast<int>(scripts.size());
    std::vector<support::item> all;
    std::vector<leat::stamp> stamps;
    for (int n = roll(1, 9); n > 0; --n) {
      time += roll(1, 4) * (ties ? 1 : channels);
      const leat::stamp s = support::at(ties ? time : time + static_cast<std::int64_t>(c));
      if (!stamps.empty() && s <= stamps.back())
        continue;
      records.push_back({s, c, ++number_});
      all.push_back({static_cast<std::int64_t>(c), number_, 0});
      stamps.push_back(s);
    }
    time = stamps.back().time.time_since_epoch().count();
    return support::frame_of(all, stamps);
  }

  std::int64_t number_ = 0;
};

} // namespace merging
