// Query 13, bounded side input: bids with a value from a table that does not change.
#include "../queries.hpp"

namespace nexmark {

leat::graph q13(const query_ends& ends) {
  std::vector<std::string> rows(10'000);
  for (std::size_t key = 0; key < rows.size(); ++key)
    rows[key] = std::to_string(key);
  const auto table = std::make_shared<const std::vector<std::string>>(std::move(rows));
  leat::graph g{"q13"};
  bids(g, ends)
      .map("value",
           [table](const bid& b) {
             const auto key = static_cast<std::size_t>(b.auction) % table->size();
             return enriched_bid{b.auction, b.bidder, b.price, b.time, (*table)[key]};
           })
      .to("out", ends.sink<enriched_bid>());
  return g;
}

} // namespace nexmark
