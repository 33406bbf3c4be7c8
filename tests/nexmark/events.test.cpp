#include "nexmark/events.hpp"

#include "nexmark/generator.hpp"

#include "support/catch.hpp"

using namespace nexmark;

TEST_CASE("an event holds all of a person, an auction or a bid") {
  const leat::event_time t = leat::from_seconds(1), later = leat::from_seconds(2);
  const person p{1, t, ~0ULL};
  CHECK(as_person(event_of(p)) == p);
  CHECK(is_person(event_of(p)));
  const auction a{1, 2, 10, 3, 4, t, later, 5};
  CHECK(as_auction(event_of(a)) == a);
  CHECK(is_auction(event_of(a)));
  const bid b{1, 2, 3, t, all_channels - 1, all_extras - 1};
  CHECK(as_bid(event_of(b)) == b);
  CHECK(is_bid(event_of(b)));
}
