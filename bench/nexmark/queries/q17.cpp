// Query 17, auction statistics: the prices of each auction and day. Each bid is an update.
#include "bid_statistics.hpp"

namespace nexmark {

namespace {

struct statistics_of_auctions {
  using output_type = auction_statistics;
  leat::value_state<auction_statistics> all;

  void open(leat::setup& setup) { all = setup.value<auction_statistics>("all"); }
  void process(const bid& b, leat::emitter<auction_statistics>& out, leat::context& ctx) {
    auction_statistics& s = ctx.edit(all);
    if (s.bids.total == 0)
      s = {b.auction, std::chrono::floor<std::chrono::days>(b.time), {}, b.price, b.price, 0, 0};
    add(s.bids, ranks_of(b.price));
    s.lowest = std::min(s.lowest, b.price);
    s.highest = std::max(s.highest, b.price);
    s.sum += b.price;
    s.mean = s.sum / static_cast<std::int64_t>(s.bids.total);
    out(s);
  }
};

} // namespace

leat::graph q17(const query_ends& ends) {
  leat::graph g{"q17"};
  bids(g, ends)
      .key_by([](const bid& b) { return std::tuple(b.auction, day_of(b.time)); })
      .process("statistics", statistics_of_auctions{})
      .to("out", ends.sink<auction_statistics>());
  return g;
}

} // namespace nexmark
