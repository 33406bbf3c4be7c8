// The operator of queries 4, 6 and 9: the best bid for each auction while it was open.
#pragma once

#include "../queries.hpp"
#include "bid_order.hpp"

#include <optional>

namespace nexmark {

/// By auction, of auctions and bids in any order. Emits when the auction has ended, if there was a
/// bid, and then forgets the auction.
struct winning_bids {
  using output_type = auction_bid;
  leat::value_state<auction> open_auction;
  leat::value_state<std::optional<bid>> best;
  leat::list_state<bid> waiting; // for the auction: it may still come if it began before them
  leat::timer closing;
  leat::timer given_up;

  void open(leat::setup& setup) {
    open_auction = setup.value<auction>("auction");
    best = setup.value<std::optional<bid>>("best");
    waiting = setup.list<bid>("waiting");
    closing = setup.timer("closing");
    given_up = setup.timer("given-up");
  }

  void process(const event& e, leat::emitter<auction_bid>&, leat::event_context& ctx) {
    if (is_auction(e)) {
      const auction& a = ctx.edit(open_auction) = as_auction(e);
      ctx.set(closing, just_after(a.expires));
      for (const bid& b : ctx.get(waiting))
        consider(b, a, ctx);
      ctx.erase(waiting);
    } else if (const auction& a = ctx.get(open_auction); a.id != 0) {
      consider(as_bid(e), a, ctx);
    } else {
      ctx.append(waiting, as_bid(e));
      ctx.set(given_up, just_after(e.time));
    }
  }

  void on_timer(const std::int64_t&, const leat::timer& which, leat::emitter<auction_bid>& out,
                leat::event_context& ctx) {
    if (which == given_up) {
      std::erase_if(ctx.edit(waiting), [&](const bid& b) { return b.time < ctx.event_time(); });
      return;
    }
    if (const std::optional<bid>& won = ctx.get(best))
      out(joined(*won, ctx.get(open_auction)));
    ctx.erase(open_auction);
    ctx.erase(best);
  }

  /// Timers come before records of the same time.
  static leat::event_time just_after(leat::event_time t) {
    return t + std::chrono::microseconds{1};
  }

  void consider(const bid& b, const auction& a, leat::event_context& ctx) {
    if (b.time < a.time || b.time > a.expires)
      return;
    if (const std::optional<bid>& so_far = ctx.get(best); !so_far || is_higher(b, *so_far))
      ctx.edit(best) = b;
  }
};

inline auto sold_auctions(leat::graph& g, const query_ends& ends) {
  return events(g, ends)
      .filter("wanted", [](const event& e) { return !is_person(e); })
      .key_by([](const event& e) { return e.id; })
      .process("winning-bids", winning_bids{});
}

} // namespace nexmark
