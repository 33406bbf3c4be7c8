// Query 15, bidding statistics: the bids of each day, with the number of bidders and of auctions.
// Each bid is an update.
#include "bid_statistics.hpp"

namespace nexmark {

namespace {

struct statistics_of_days {
  using output_type = day_statistics;
  bid_statistics all;

  void open(leat::setup& setup) { all.open(setup); }
  void process(const bid& b, leat::emitter<day_statistics>& out, leat::context& ctx) {
    day_statistics now{std::chrono::floor<std::chrono::days>(b.time), {}, {}, {}};
    all.count(b, now, ctx);
    out(now);
  }
};

} // namespace

leat::graph q15(const query_ends& ends) {
  leat::graph g{"q15"};
  bids(g, ends)
      .key_by([](const bid& b) { return day_of(b.time); })
      .process("statistics", statistics_of_days{})
      .to("out", ends.sink<day_statistics>());
  return g;
}

} // namespace nexmark
