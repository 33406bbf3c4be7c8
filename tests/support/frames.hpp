// Frames of all kinds, as a seed chooses.
#pragma once

#include "support/dice.hpp"
#include "support/flow.hpp"

namespace support {

inline text_item some_text(dice& roll) {
  return {roll(-5, 5), std::string(roll.size(0, 40), static_cast<char>('a' + roll(0, 26)))};
}
inline item some_item(dice& roll) { return {roll(-9, 9), roll(0, 99), roll(-1000, 1000)}; }

inline leat::stamp some_stamp(dice& roll) {
  leat::stamp s = at(roll(-1000, 1000), roll.size(0, 1000), roll.coin() ? 0 : 7);
  for (int n = roll(0, 3); n > 0; --n)
    s.path = s.path.child(static_cast<std::uint32_t>(roll(0, 9)));
  return s;
}

template <class T, class Make>
leat::frame some_frame(dice& roll, Make make) {
  leat::frame f;
  if (roll.coin() || roll.coin()) {
    std::shared_ptr<leat::rows> rows = leat::make_rows(leat::record_type_of<T>);
    const bool stamped = roll.coin();
    const leat::carried_columns carried{stamped, stamped && roll.coin()};
    const bool runs = roll.coin();
    leat::stamp s = some_stamp(roll);
    for (std::size_t n = roll.size(0, 60), i = 0; i < n; ++i) {
      if (!runs)
        s = some_stamp(roll);
      rows->add<T>(make(roll),
                   {s, runs ? s.time : at(roll(-1000, 1000)).time, roll(0, 9) == 0,
                    roll(0, 3) == 0 ? roll(0, 1000) : 17},
                   carried);
      ++s.position;
    }
    f.records = rows;
    f.panes.ones = roll.coin();
    if (!f.panes.ones)
      for (std::uint32_t end = 1; end <= f.size(); end += static_cast<std::uint32_t>(roll(1, 20)))
        f.panes.ends.push_back(end);
  }
  if (roll.coin()) {
    auto b = std::make_shared<leat::barrier>();
    b->epoch = roll.size(0, 100);
    if (roll.coin())
      b->commands.push_back({{}, "stop", {}});
    if (roll.coin())
      b->commands.push_back({"pane", some_text(roll).text, some_text(roll).text});
    f.barrier_at = b;
  }
  f.last = roll.coin();
  if (f.last)
    f.ended_at = at(roll(-1000, 1000)).time;
  f.paid = f.cost();
  return f;
}

} // namespace support
