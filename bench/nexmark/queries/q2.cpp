// Query 2, selection: bids for every 123rd auction.
#include "../queries.hpp"

namespace nexmark {

leat::graph q2(const query_ends& ends) {
  leat::graph g{"q2"};
  bids(g, ends)
      .filter("some", [](const bid& b) { return b.auction % 123 == 0; })
      .map("price",
           [](const bid& b) {
             return auction_price{b.auction, b.price};
           })
      .to("out", ends.sink<auction_price>());
  return g;
}

} // namespace nexmark
