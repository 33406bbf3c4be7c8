#include <leat/detail/stage/merge_stage.hpp>
#include <leat/testing/harness.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/hosted.hpp"

using support::at;
using support::item;

TEST_CASE("a merge hands records on as they are") {
  std::vector<leat::testing::input<item>> all;
  for (const item& i : support::numbered(500))
    all.push_back(i);
  const auto got = leat::testing::check_stage<item, item>(
      [](leat::fanout to) -> std::unique_ptr<leat::stage> {
        return std::make_unique<leat::merge_stage>(leat::record_type_of<item>, std::move(to));
      },
      all);
  CHECK(got == support::numbered(500));
}

TEST_CASE("stamps and marks pass a merge unchanged") {
  support::hosted h;
  REQUIRE(h.open(
      std::make_unique<leat::merge_stage>(leat::record_type_of<item>, support::into_port<item>())));
  std::vector<leat::stamp> stamps{at(1), at(2), at(2), at(3)};
  stamps[1].path = leat::stamp_path{}.child(0);
  stamps[2].path = leat::stamp_path{}.child(1).child(5);
  h.consume(support::frame_of(support::numbered(4), stamps));
  h.stage->advance(support::mark_at(stamps[3]));
  h.flush();
  CHECK(h.stamps() == stamps);
  CHECK(h.promised() == support::mark_at(leat::with_descendants(stamps[3])));
}

// An idle split that comes back may bring what others are ahead of. What stands behind must still
// see one order, so what comes late takes the merge's present position, and its promises hold.
TEST_CASE("stamps that fall or repeat leave a merge in their order, at its present position") {
  support::for_seeds(200, [](support::dice roll) {
    support::hosted h;
    h.edge.limits.records = roll.size(1, 9);
    h.edge.credit_limit = roll.one_of({leat::credit{1, 1, 1}, leat::credit{10, 1000, 100'000}});
    REQUIRE(static_cast<bool>(h.open(std::make_unique<leat::merge_stage>(
        leat::record_type_of<item>, support::into_port<item>()))));
    std::vector<item> wanted;
    leat::stamp s;
    bool promised = false; // that s will not come again
    for (int frames = roll(0, 20); frames > 0; --frames) {
      std::vector<item> records;
      std::vector<leat::stamp> stamps;
      for (int n = roll(1, 10); n > 0; --n) {
        switch (promised ? 3 : roll(0, 4)) {
        case 0:
          break; // the same again
        case 1:
          s.path = s.path.child(roll(0, 3));
          break;
        default:
          s = at(s.time.time_since_epoch().count() < 0 ? 1 : s.time.time_since_epoch().count(),
                 s.position + 1);
          s.path = s.path.child(roll(0, 5));
        }
        records.push_back({0, static_cast<std::int64_t>(wanted.size()), 0});
        wanted.push_back(records.back());
        stamps.push_back(s);
        promised = false;
      }
      h.consume(support::frame_of(records, stamps));
      if (roll.coin()) {
        h.stage->advance(support::mark_at(s)); // as far as the last record, not its siblings
        promised = true;
        h.unblock();
      }
      if (roll.coin())
        h.flush();
    }
    h.finish();
    REQUIRE(h.sent<item>() == wanted);
    REQUIRE(h.in_order()); // also: no mark spoke of records that came behind it
  });
}

TEST_CASE("a whole frame passes a merge without being copied where nobody needs stamps") {
  support::hosted h;
  h.edge.carried = {};
  REQUIRE(h.open(
      std::make_unique<leat::merge_stage>(leat::record_type_of<item>, support::into_port<item>())));
  leat::frame f = support::frame_of(support::numbered(100));
  const auto* before = f.records.get();
  h.consume(f);
  h.flush();
  REQUIRE(h.wire.all.size() == 1);
  CHECK(h.wire.all[0].content.records.get() == before);
  CHECK(h.counters.records_in == 100);
}
