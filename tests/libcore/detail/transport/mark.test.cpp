#include <leat/detail/transport/mark.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"

using support::at;
using support::mark_at;

namespace {

leat::mark together(const std::vector<leat::mark>& all) {
  leat::joint_mark joint;
  for (const leat::mark& m : all)
    joint += leat::joint_mark(m);
  return joint.together();
}

} // namespace

TEST_CASE("marks only rise, but idle is as the last one says") {
  leat::mark m = mark_at(at(5), true);
  m.raise(mark_at(at(4)));
  CHECK(m == mark_at(at(5)));
  m.raise(mark_at(at(6), true));
  CHECK(m == mark_at(at(6), true));
  m.raise(leat::end_mark);
  CHECK(m == leat::end_mark);
}

TEST_CASE("together senders promise what the slowest does that is not idle") {
  CHECK(together({mark_at(at(5)), mark_at(at(3)), mark_at(at(1), true)}) == mark_at(at(3)));
  CHECK(together({mark_at(at(5), true), mark_at(at(3), true)}) == mark_at(at(5), true));
  CHECK(together({}) == leat::end_mark);
  leat::mark stalled = mark_at(at(7));
  stalled.stalled = true;
  CHECK(together({stalled, mark_at(at(3))}).stalled);
}

TEST_CASE("marks join in any order and batching") {
  support::for_seeds(200, [](support::dice roll) {
    std::vector<leat::mark> all;
    for (auto n = roll(0, 9); n > 0; --n) {
      all.push_back(mark_at(at(roll(0, 10)), roll.coin()));
      all.back().stalled = roll.coin();
    }
    std::vector<leat::joint_mark> parts(all.begin(), all.end());
    while (parts.size() > 1) {
      const std::size_t i = roll.size(0, parts.size() - 1);
      parts[i] += parts[i + 1];
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
    CHECK((parts.empty() ? leat::joint_mark{} : parts.front()).together() == together(all));
  });
}
