// Random input of a subtask, step by step.
#pragma once

#include "subtask_samples.hpp"

namespace saving {

struct arrival {
  text_item record;
  leat::envelope e;
};

// What comes on a channel: records, a promise, the end, or the first together with the last. Or
// nothing comes, and time passes.
struct step {
  std::size_t channel = 0;
  std::vector<arrival> records = {};
  std::optional<leat::mark> promise = {};
  bool last = false;
  leat::event_time ended_at = leat::begin_of_time;
  std::chrono::microseconds passes{0};
};

inline constexpr auto disorder = 3us;

inline std::vector<arrival> records_of_split(support::dice& roll, std::uint32_t split, int count) {
  std::vector<arrival> all;
  std::int64_t time = 10;
  for (int n = 1; n <= count; ++n) {
    time += roll(0, 4);
    const auto number = static_cast<std::int64_t>(roll(0, 40));
    arrival a{{number, fmt::format("a long text, {}", roll(0, 4))}, {}};
    a.e.at = support::at(time, static_cast<std::uint64_t>(n), split);
    a.e.time = leat::from_micros(time - roll(0, 4));
    a.e.late = roll(0, 5) == 0;
    a.e.ingested = 1'000'000 + n / 3;
    all.push_back(std::move(a));
  }
  return all;
}

struct shape {
  int records = 12; ///< of a channel, at most
  int frame = 4;    ///< records in one, at most
  bool idle = false;
  bool timed = false; ///< time passes
};

inline std::vector<step> any_input(support::dice& roll, std::size_t channels, const shape& like) {
  struct split {
    std::vector<arrival> records;
    std::size_t next = 0;
    bool ended = false;
  };
  std::vector<split> splits;
  for (std::uint32_t c = 0; c < channels; ++c)
    splits.push_back({records_of_split(roll, c, roll(0, like.records + 1))});
  std::vector<step> all;
  for (std::size_t open = channels; open > 0;) {
    if (like.timed && roll(0, 3) == 0)
      all.push_back({.passes = roll(1, 300) * 1us});
    const std::size_t c = roll.size(0, channels);
    split& s = splits[c];
    if (s.ended)
      continue;
    const std::size_t left = s.records.size() - s.next;
    if (roll(0, 3) == 0) {
      leat::stamp progress =
          s.next > 0 ? leat::with_descendants(s.records[s.next - 1].e.at) : leat::stamp{};
      if (left > 0 && roll.coin())
        progress = leat::all_before(s.records[s.next].e.at);
      all.push_back(
          {.channel = c, .promise = leat::mark{progress, like.idle && roll.coin(), false}});
      continue;
    }
    const auto n =
        std::min(left, roll.size(left > 0 ? 1 : 0, static_cast<std::size_t>(like.frame) + 1));
    step next{.channel = c};
    next.records.assign(s.records.begin() + static_cast<std::ptrdiff_t>(s.next),
                        s.records.begin() + static_cast<std::ptrdiff_t>(s.next + n));
    s.next += n;
    next.last = s.next == s.records.size() && (n == 0 || roll.coin());
    if (next.last) {
      s.ended = true, --open;
      if (!s.records.empty())
        next.ended_at = s.records.back().e.at.time;
    }
    all.push_back(std::move(next));
  }
  return all;
}

template <class T, class Make>
leat::frame frame_of(const step& s, bool stamped, Make make) {
  leat::frame f;
  if (!s.records.empty()) {
    std::shared_ptr<leat::rows> rows = leat::make_rows(leat::record_type_of<T>);
    for (const arrival& a : s.records)
      rows->add<T>(make(a.record), a.e, stamped ? leat::all_columns : leat::carried_columns{});
    f.records = std::move(rows);
  }
  f.last = s.last;
  f.ended_at = s.ended_at;
  f.paid = f.cost();
  return f;
}

inline leat::frame frame_of(const step& s, const sample& of) {
  if (!of.takes_scores)
    return frame_of<text_item>(s, of.stamped, [](const text_item& i) { return i; });
  return frame_of<leat::scored<text_item>>(s, of.stamped, [](const text_item& i) {
    return leat::scored<text_item>{
        i, static_cast<float>(i.number),
        leat::model_ref::intern({fmt::format("model {}", i.number % 2), "sha"})};
  });
}

} // namespace saving
