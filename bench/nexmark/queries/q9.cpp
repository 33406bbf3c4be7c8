// Query 9, winning bids: auctions that have ended, with the bid that won.
#include "winning_bids.hpp"

namespace nexmark {

leat::graph q9(const query_ends& ends) {
  leat::graph g{"q9"};
  sold_auctions(g, ends).to("out", ends.sink<auction_bid>());
  return g;
}

} // namespace nexmark
