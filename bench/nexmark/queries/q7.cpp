// Query 7, highest bid: all bids of the highest price in each ten seconds.
#include "../queries.hpp"
#include "all_highest.hpp"

namespace nexmark {

leat::graph q7(const query_ends& ends) {
  leat::graph g{"q7"};
  bids(g, ends)
      .key_by([](const bid&) { return 0; })
      .window("highest", leat::tumbling(std::chrono::seconds{10}))
      .aggregate<all_highest<bid, &bid::price>>()
      .flat_map("bids", [](const auto& window) { return window.result; })
      .to("out", ends.sink<bid>());
  return g;
}

} // namespace nexmark
