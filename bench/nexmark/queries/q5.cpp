// Query 5, hot items: the auctions with most bids in the last ten seconds, each two seconds.
#include "../queries.hpp"
#include "all_highest.hpp"

namespace nexmark {

namespace {

using namespace std::chrono_literals;
using bid_count = leat::windowed<std::int64_t, std::uint64_t>; // of an auction

} // namespace

leat::graph q5(const query_ends& ends) {
  leat::graph g{"q5"};
  bids(g, ends)
      .key_by([](const bid& b) { return b.auction; })
      .window("counts", leat::sliding(10s, 2s))
      .aggregate<leat::count>()
      // What windows of all auctions give that end together.
      .key_by([](const bid_count&) { return 0; })
      .window("highest", leat::tumbling(2s))
      .aggregate<all_highest<bid_count, &bid_count::result>>()
      .flat_map("auctions", [](const auto& window) { return window.result; })
      .map("hot",
           [](const bid_count& c) {
             return hot_auction{c.key, c.result, c.end};
           })
      .to("out", ends.sink<hot_auction>());
  return g;
}

} // namespace nexmark
