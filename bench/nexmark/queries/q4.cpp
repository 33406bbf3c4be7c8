// Query 4, average price for a category: of all auctions that have ended. Each end is an update.
#include "winning_bids.hpp"

namespace nexmark {

namespace {

struct sum_of_prices {
  std::int64_t sum = 0;
  std::int64_t count = 0;
  static constexpr auto fields =
      leat::fields("sum_of_prices", leat::field("sum", &sum_of_prices::sum),
                   leat::field("count", &sum_of_prices::count));
};

struct mean_prices {
  using output_type = category_price;
  leat::value_state<sum_of_prices> prices;

  void open(leat::setup& setup) { prices = setup.value<sum_of_prices>("prices"); }
  void process(const auction_bid& sold, leat::emitter<category_price>& out, leat::context& ctx) {
    sum_of_prices& all = ctx.edit(prices);
    all.sum += sold.price;
    ++all.count;
    out({sold.category, all.sum / all.count});
  }
};

} // namespace

leat::graph q4(const query_ends& ends) {
  leat::graph g{"q4"};
  sold_auctions(g, ends)
      .key_by([](const auction_bid& sold) { return sold.category; })
      .process("mean", mean_prices{})
      .to("out", ends.sink<category_price>());
  return g;
}

} // namespace nexmark
