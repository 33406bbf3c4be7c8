// Query 20, filter join: bids with their auction, of category 10. Some bids come before their
// auction.
#include "../queries.hpp"

namespace nexmark {

namespace {

/// By auction.
struct bids_of_category {
  using output_type = auction_bid;
  leat::value_state<auction> known;
  leat::list_state<bid> waiting; // for the auction

  void open(leat::setup& setup) {
    known = setup.value<auction>("auction");
    waiting = setup.list<bid>("waiting");
  }

  void process(const event& e, leat::emitter<auction_bid>& out, leat::context& ctx) {
    if (is_auction(e)) {
      const auction& a = ctx.edit(known) = as_auction(e);
      for (const bid& b : ctx.get(waiting))
        emit(b, a, out);
      ctx.erase(waiting);
    } else if (const auction& a = ctx.get(known); a.id != 0) {
      emit(as_bid(e), a, out);
    } else {
      ctx.append(waiting, as_bid(e));
    }
  }

  static void emit(const bid& b, const auction& a, leat::emitter<auction_bid>& out) {
    if (a.category == 10)
      out(joined(b, a));
  }
};

} // namespace

leat::graph q20(const query_ends& ends) {
  leat::graph g{"q20"};
  events(g, ends)
      .filter("wanted", [](const event& e) { return !is_person(e); })
      .key_by([](const event& e) { return e.id; })
      .process("join", bids_of_category{})
      .to("out", ends.sink<auction_bid>());
  return g;
}

} // namespace nexmark
