// What queries 15 and 16 count of bids.
#pragma once

#include "../queries.hpp"

namespace nexmark {

/// The places of a price in by_rank, as bits: the whole, and one of the ranks.
inline std::uint32_t ranks_of(std::int64_t price) {
  return 1U | (price < 10'000 ? 2U : price < 1'000'000 ? 4U : 8U);
}

inline void add(by_rank& to, std::uint32_t ranks) {
  to.total += ranks & 1U;
  to.rank1 += ranks >> 1U & 1U;
  to.rank2 += ranks >> 2U & 1U;
  to.rank3 += ranks >> 3U & 1U;
}

/// The counts so far of a key's bids, and of their bidders and auctions. Part of an operator.
class bid_statistics {
public:
  void open(leat::setup& setup) {
    bids_ = setup.value<by_rank>("bids");
    bidders_.open(setup, "bidders");
    auctions_.open(setup, "auctions");
  }

  /// Counts a bid, and writes what there is now.
  template <class Statistics>
  void count(const bid& b, Statistics& to, leat::context& ctx) {
    const std::uint32_t ranks = ranks_of(b.price);
    add(ctx.edit(bids_), ranks);
    to.bids = ctx.get(bids_);
    to.bidders = bidders_.count(b.bidder, ranks, ctx);
    to.auctions = auctions_.count(b.auction, ranks, ctx);
  }

private:
  /// How many different numbers there were, in all and by rank.
  class distinct_numbers {
  public:
    void open(leat::setup& setup, const std::string& name) {
      seen_ = setup.map<std::int64_t, std::uint32_t>(name + "-seen");
      counts_ = setup.value<by_rank>(name);
    }
    const by_rank& count(std::int64_t number, std::uint32_t ranks, leat::context& ctx) {
      std::uint32_t& seen = ctx.edit(seen_, number);
      if (const std::uint32_t added = ranks & ~seen; added != 0)
        add(ctx.edit(counts_), added);
      seen |= ranks;
      return ctx.get(counts_);
    }

  private:
    leat::map_state<std::int64_t, std::uint32_t> seen_; // the ranks at which a number was seen
    leat::value_state<by_rank> counts_;
  };

  leat::value_state<by_rank> bids_;
  distinct_numbers bidders_;
  distinct_numbers auctions_;
};

inline std::int64_t day_of(leat::event_time t) {
  return std::chrono::floor<std::chrono::days>(t).time_since_epoch().count();
}

} // namespace nexmark
