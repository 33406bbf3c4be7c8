// Query 18, find last bid: of each bidder for each auction. A newer one is an update.
#include "../queries.hpp"

#include <tuple>

namespace nexmark {

namespace {

bool is_newer(const bid& a, const bid& b) {
  return std::tie(a.time, a.price, a.channel, a.extra) >
         std::tie(b.time, b.price, b.channel, b.extra);
}

/// By auction and bidder.
struct last_bids {
  using output_type = last_bid;
  leat::value_state<bid> last;

  void open(leat::setup& setup) { last = setup.value<bid>("last"); }
  void process(const bid& b, leat::emitter<last_bid>& out, leat::context& ctx) {
    if (const bid& known = ctx.get(last); known.auction != 0 && !is_newer(b, known))
      return;
    ctx.edit(last) = b;
    out({b.auction, b.bidder, b});
  }
};

} // namespace

leat::graph q18(const query_ends& ends) {
  leat::graph g{"q18"};
  bids(g, ends)
      .key_by([](const bid& b) { return std::tuple(b.auction, b.bidder); })
      .process("last", last_bids{})
      .to("out", ends.sink<last_bid>());
  return g;
}

} // namespace nexmark
