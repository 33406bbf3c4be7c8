// Query 1, currency conversion: bids in euros, of which a dollar is 0.908.
#include "../queries.hpp"

namespace nexmark {

leat::graph q1(const query_ends& ends) {
  leat::graph g{"q1"};
  bids(g, ends)
      .map("euros",
           [](const bid& b) {
             return euro_bid{b.auction, b.bidder, 908 * b.price, b.time, b.extra};
           })
      .to("out", ends.sink<euro_bid>());
  return g;
}

} // namespace nexmark
