// Query 16, channel statistics: those of query 15 for each channel and day, with the minute of the
// last bid. Each bid is an update.
#include "bid_statistics.hpp"

namespace nexmark {

namespace {

struct statistics_of_channels {
  using output_type = channel_statistics;
  bid_statistics all;
  leat::value_state<leat::event_time> last;

  void open(leat::setup& setup) {
    all.open(setup);
    last = setup.value<leat::event_time>("last");
  }
  void process(const bid& b, leat::emitter<channel_statistics>& out, leat::context& ctx) {
    leat::event_time& newest = ctx.edit(last);
    newest = std::max(newest, b.time);
    channel_statistics now{b.channel,
                           std::chrono::floor<std::chrono::days>(b.time),
                           std::chrono::floor<std::chrono::minutes>(newest),
                           {},
                           {},
                           {}};
    all.count(b, now, ctx);
    out(now);
  }
};

} // namespace

leat::graph q16(const query_ends& ends) {
  leat::graph g{"q16"};
  bids(g, ends)
      .key_by([](const bid& b) { return std::tuple(b.channel, day_of(b.time)); })
      .process("statistics", statistics_of_channels{})
      .to("out", ends.sink<channel_statistics>());
  return g;
}

} // namespace nexmark
