// Query 6, average selling price: of the last ten auctions of a seller, at the end of each.
#include "winning_bids.hpp"

#include <numeric>

namespace nexmark {

namespace {

/// By seller. Auctions that end at the same time count in the order of their numbers.
struct last_prices {
  using output_type = seller_price;
  leat::list_state<auction_bid> ended;   // at the present time
  leat::list_state<std::int64_t> prices; // of the last ten
  leat::timer complete;

  void open(leat::setup& setup) {
    ended = setup.list<auction_bid>("ended");
    prices = setup.list<std::int64_t>("prices");
    complete = setup.timer("complete");
  }

  void process(const auction_bid& sold, leat::emitter<seller_price>&, leat::event_context& ctx) {
    ctx.append(ended, sold);
    ctx.set(complete, ctx.event_time() + std::chrono::microseconds{1});
  }

  void on_timer(const std::int64_t& seller, const leat::timer&, leat::emitter<seller_price>& out,
                leat::event_context& ctx) {
    auto& waiting = ctx.edit(ended);
    std::ranges::sort(waiting, {}, &auction_bid::auction);
    auto& last = ctx.edit(prices);
    for (const auction_bid& sold : waiting) {
      last.push_back(sold.price);
      if (last.size() > 10)
        last.erase(last.begin());
      const std::int64_t sum = std::accumulate(last.begin(), last.end(), std::int64_t{0});
      out({seller, sum / static_cast<std::int64_t>(last.size())});
    }
    waiting.clear();
  }
};

} // namespace

leat::graph q6(const query_ends& ends) {
  leat::graph g{"q6"};
  sold_auctions(g, ends)
      .key_by([](const auction_bid& sold) { return sold.seller; })
      .process("mean", last_prices{})
      .to("out", ends.sink<seller_price>());
  return g;
}

} // namespace nexmark
