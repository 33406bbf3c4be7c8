// Query 19, top ten: the highest bids for each auction. What a bid moves to another rank is an
// update.
#include "../queries.hpp"
#include "bid_order.hpp"

namespace nexmark {

namespace {

/// By auction.
struct highest_bids {
  using output_type = ranked_bid;
  static constexpr std::size_t most = 10;
  leat::list_state<bid> highest; // first

  void open(leat::setup& setup) { highest = setup.list<bid>("highest"); }
  void process(const bid& b, leat::emitter<ranked_bid>& out, leat::context& ctx) {
    const std::span<const bid> known = ctx.get(highest);
    const auto above = std::ranges::find_if(known, [&](const bid& k) { return is_higher(b, k); });
    const auto place = above - known.begin();
    if (place == most)
      return;
    auto& all = ctx.edit(highest);
    all.insert(all.begin() + place, b);
    if (all.size() > most)
      all.pop_back();
    for (auto rank = static_cast<std::size_t>(place); rank < all.size(); ++rank)
      out({b.auction, rank + 1, all[rank]});
  }
};

} // namespace

leat::graph q19(const query_ends& ends) {
  leat::graph g{"q19"};
  bids(g, ends)
      .key_by([](const bid& b) { return b.auction; })
      .process("highest", highest_bids{})
      .to("out", ends.sink<ranked_bid>());
  return g;
}

} // namespace nexmark
