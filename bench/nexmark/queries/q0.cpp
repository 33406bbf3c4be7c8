// Query 0, pass through: all bids.
#include "../queries.hpp"

namespace nexmark {

leat::graph q0(const query_ends& ends) {
  leat::graph g{"q0"};
  bids(g, ends).to("out", ends.sink<bid>());
  return g;
}

} // namespace nexmark
