#include <leat/detail/transport/frame.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

using support::frame_of;
using support::item;

TEST_CASE("a frame costs its records and their bytes, events are free") {
  CHECK(leat::frame{}.cost() == leat::credit{});
  leat::frame end;
  end.last = true;
  CHECK(end.cost() == leat::credit{});

  CHECK(frame_of<item>({{1}, {2}, {3}}).cost() == leat::credit{1, 3, 3 * sizeof(item)});
  const auto text = frame_of<support::text_item>({{1, std::string(1000, 'x')}});
  CHECK(text.cost().bytes >= 1000 + static_cast<std::int64_t>(sizeof(support::text_item)));
}

TEST_CASE("only a sole owner may change records") {
  leat::frame f = frame_of<item>({{1}});
  CHECK(f.sole_owner());
  leat::frame other = f;
  CHECK_FALSE(f.sole_owner());
  CHECK(other.records == f.records);
  other = {};
  CHECK(f.sole_owner());
  CHECK_FALSE(leat::frame{}.sole_owner());
}
