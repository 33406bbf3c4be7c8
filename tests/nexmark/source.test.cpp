#include "nexmark/source.hpp"

#include "support/catch.hpp"
#include "support/pulling.hpp"

#include <set>

using namespace nexmark;

namespace {

generator_options some(std::uint64_t events, std::uint64_t splits) {
  generator_options o;
  o.events = events;
  o.splits = splits;
  return o;
}

} // namespace

TEST_CASE("all splits together have each event once, and each has them in order") {
  for (const std::uint64_t count : {0, 1, 49, 50, 51, 777, 5000})
    for (const std::uint64_t splits : {1, 2, 3, 7, 60}) {
      INFO(count << " events in " << splits << " splits");
      const event_source source{some(count, splits)};
      std::vector<event> all;
      for (auto& split : source.splits()) {
        const auto part = support::read_some<event>(split, support::to_the_end, 37);
        CHECK(part.ended);
        CHECK(std::ranges::is_sorted(part.records, {}, &event::time));
        all.insert(all.end(), part.records.begin(), part.records.end());
      }
      std::ranges::sort(all, {}, &event::time); // no two have the same
      CHECK(all == all_events(source.options));
    }
}

TEST_CASE("each split has its share of people and auctions") {
  for (auto& split : event_source{some(6000, 3)}.splits()) {
    const auto part = support::read_some<event>(split, support::to_the_end, 64).records;
    CHECK(part.size() == 2000);
    CHECK(std::ranges::count_if(part, is_person) == 40);
    CHECK(std::ranges::count_if(part, is_auction) == 120);
  }
}

TEST_CASE("a split goes on at its position") {
  for (const std::uint64_t splits : {1, 3}) {
    const event_source source{some(1234, splits)};
    const auto parts = support::read_in_parts(source, 3, 13).records;
    auto whole = source.splits().front();
    CHECK(parts == support::read_some<event>(whole, support::to_the_end, 100).records);
  }
}

TEST_CASE("splits have names of their own, by their number") {
  const auto splits = event_source{some(100, 2)}.splits();
  CHECK(splits[0].name() == "0 of 2");
  CHECK(splits[1].name() == "1 of 2");
}
