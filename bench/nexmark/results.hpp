// The records that queries emit. Some are updates: `keys` is the number of fields that are their
// key, and the last one of each key holds.
#pragma once

#include "events.hpp"

#include <leat/json.hpp>

#include <string>
#include <vector>

namespace nexmark {

/// q1. The price is in thousandths of a euro cent.
struct euro_bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  std::int64_t price = 0;
  leat::event_time time;
  std::uint32_t extra = 0;
  static constexpr auto fields =
      leat::fields("euro_bid", leat::field("auction", &euro_bid::auction),
                   leat::field("bidder", &euro_bid::bidder), leat::field("price", &euro_bid::price),
                   leat::field("time", &euro_bid::time), leat::field("extra", &euro_bid::extra));
};

/// q2.
struct auction_price {
  std::int64_t auction = 0;
  std::int64_t price = 0;
  static constexpr auto fields =
      leat::fields("auction_price", leat::field("auction", &auction_price::auction),
                   leat::field("price", &auction_price::price));
};

/// q3.
struct local_auction {
  std::string name;
  std::string city;
  std::string state;
  std::int64_t auction = 0;
  static constexpr auto fields = leat::fields(
      "local_auction", leat::field("name", &local_auction::name),
      leat::field("city", &local_auction::city), leat::field("state", &local_auction::state),
      leat::field("auction", &local_auction::auction));
};

/// q4: of all auctions that have ended.
struct category_price {
  std::int64_t category = 0;
  std::int64_t mean = 0; ///< rounded towards 0
  static constexpr std::size_t keys = 1;
  static constexpr auto fields =
      leat::fields("category_price", leat::field("category", &category_price::category),
                   leat::field("mean", &category_price::mean));
};

/// q5.
struct hot_auction {
  std::int64_t auction = 0;
  std::uint64_t bids = 0;
  leat::event_time window_end;
  static constexpr auto fields = leat::fields(
      "hot_auction", leat::field("auction", &hot_auction::auction),
      leat::field("bids", &hot_auction::bids), leat::field("window_end", &hot_auction::window_end));
};

/// q6: of the seller's last ten auctions.
struct seller_price {
  std::int64_t seller = 0;
  std::int64_t mean = 0; ///< rounded towards 0
  static constexpr auto fields =
      leat::fields("seller_price", leat::field("seller", &seller_price::seller),
                   leat::field("mean", &seller_price::mean));
};

/// q8.
struct new_seller {
  std::int64_t id = 0;
  std::string name;
  leat::event_time window_start;
  static constexpr auto fields = leat::fields(
      "new_seller", leat::field("id", &new_seller::id), leat::field("name", &new_seller::name),
      leat::field("window_start", &new_seller::window_start));
};

/// q9, q20: a bid and its auction.
struct auction_bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  std::int64_t price = 0;
  leat::event_time bid_time;
  std::uint32_t channel = 0;
  std::uint32_t extra = 0;
  std::int64_t seller = 0;
  std::int64_t category = 0;
  std::int64_t initial_bid = 0;
  std::int64_t reserve = 0;
  leat::event_time time;
  leat::event_time expires;
  text_number texts = 0;
  static constexpr auto fields = leat::fields(
      "auction_bid", leat::field("auction", &auction_bid::auction),
      leat::field("bidder", &auction_bid::bidder), leat::field("price", &auction_bid::price),
      leat::field("bid_time", &auction_bid::bid_time),
      leat::field("channel", &auction_bid::channel), leat::field("extra", &auction_bid::extra),
      leat::field("seller", &auction_bid::seller), leat::field("category", &auction_bid::category),
      leat::field("initial_bid", &auction_bid::initial_bid),
      leat::field("reserve", &auction_bid::reserve), leat::field("time", &auction_bid::time),
      leat::field("expires", &auction_bid::expires), leat::field("texts", &auction_bid::texts));
};
inline auction_bid joined(const bid& b, const auction& a) {
  return {b.auction,  b.bidder,      b.price,   b.time, b.channel, b.extra, a.seller,
          a.category, a.initial_bid, a.reserve, a.time, a.expires, a.texts};
}

/// q11: bids from the first to ten seconds after the last. q12: bids in ten seconds of the clock.
struct bidder_count {
  std::int64_t bidder = 0;
  std::uint64_t bids = 0;
  leat::event_time start;
  leat::event_time end;
  static constexpr auto fields = leat::fields(
      "bidder_count", leat::field("bidder", &bidder_count::bidder),
      leat::field("bids", &bidder_count::bids), leat::field("start", &bidder_count::start),
      leat::field("end", &bidder_count::end));
};

/// q13.
struct enriched_bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  std::int64_t price = 0;
  leat::event_time time;
  std::string value;
  static constexpr auto fields = leat::fields(
      "enriched_bid", leat::field("auction", &enriched_bid::auction),
      leat::field("bidder", &enriched_bid::bidder), leat::field("price", &enriched_bid::price),
      leat::field("time", &enriched_bid::time), leat::field("value", &enriched_bid::value));
};

/// q14. The price is in thousandths of a euro cent.
struct calculated_bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  std::int64_t price = 0;
  std::string time_of_day;
  leat::event_time time;
  std::uint32_t extra = 0;
  std::uint32_t c_count = 0; ///< of this letter in the extra text
  static constexpr auto fields = leat::fields(
      "calculated_bid", leat::field("auction", &calculated_bid::auction),
      leat::field("bidder", &calculated_bid::bidder), leat::field("price", &calculated_bid::price),
      leat::field("time_of_day", &calculated_bid::time_of_day),
      leat::field("time", &calculated_bid::time), leat::field("extra", &calculated_bid::extra),
      leat::field("c_count", &calculated_bid::c_count));
};

/// All, and those below 10 000 cents, below a million, and from a million on.
struct by_rank {
  std::uint64_t total = 0;
  std::uint64_t rank1 = 0;
  std::uint64_t rank2 = 0;
  std::uint64_t rank3 = 0;
  static constexpr auto fields = leat::fields(
      "by_rank", leat::field("total", &by_rank::total), leat::field("rank1", &by_rank::rank1),
      leat::field("rank2", &by_rank::rank2), leat::field("rank3", &by_rank::rank3));
};

/// q15. People and auctions are counted once each.
struct day_statistics {
  leat::event_time day;
  by_rank bids;
  by_rank bidders;
  by_rank auctions;
  static constexpr std::size_t keys = 1;
  static constexpr auto fields = leat::fields(
      "day_statistics", leat::field("day", &day_statistics::day),
      leat::field("bids", &day_statistics::bids), leat::field("bidders", &day_statistics::bidders),
      leat::field("auctions", &day_statistics::auctions));
};

/// q16.
struct channel_statistics {
  std::uint32_t channel = 0;
  leat::event_time day;
  leat::event_time minute; ///< the last one
  by_rank bids;
  by_rank bidders;
  by_rank auctions;
  static constexpr std::size_t keys = 2;
  static constexpr auto fields =
      leat::fields("channel_statistics", leat::field("channel", &channel_statistics::channel),
                   leat::field("day", &channel_statistics::day),
                   leat::field("minute", &channel_statistics::minute),
                   leat::field("bids", &channel_statistics::bids),
                   leat::field("bidders", &channel_statistics::bidders),
                   leat::field("auctions", &channel_statistics::auctions));
};

/// q17.
struct auction_statistics {
  std::int64_t auction = 0;
  leat::event_time day;
  by_rank bids;
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
  std::int64_t mean = 0; ///< rounded towards 0
  std::int64_t sum = 0;
  static constexpr std::size_t keys = 2;
  static constexpr auto fields = leat::fields(
      "auction_statistics", leat::field("auction", &auction_statistics::auction),
      leat::field("day", &auction_statistics::day), leat::field("bids", &auction_statistics::bids),
      leat::field("lowest", &auction_statistics::lowest),
      leat::field("highest", &auction_statistics::highest),
      leat::field("mean", &auction_statistics::mean), leat::field("sum", &auction_statistics::sum));
};

/// q18.
struct last_bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  bid last;
  static constexpr std::size_t keys = 2;
  static constexpr auto fields =
      leat::fields("last_bid", leat::field("auction", &last_bid::auction),
                   leat::field("bidder", &last_bid::bidder), leat::field("last", &last_bid::last));
};

/// q19.
struct ranked_bid {
  std::int64_t auction = 0;
  std::uint64_t rank = 0; ///< from 1 on
  bid placed;
  static constexpr std::size_t keys = 2;
  static constexpr auto fields = leat::fields(
      "ranked_bid", leat::field("auction", &ranked_bid::auction),
      leat::field("rank", &ranked_bid::rank), leat::field("placed", &ranked_bid::placed));
};

/// q21.
struct channeled_bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  std::int64_t price = 0;
  std::uint32_t channel = 0;
  std::string channel_id;
  static constexpr auto fields = leat::fields(
      "channeled_bid", leat::field("auction", &channeled_bid::auction),
      leat::field("bidder", &channeled_bid::bidder), leat::field("price", &channeled_bid::price),
      leat::field("channel", &channeled_bid::channel),
      leat::field("channel_id", &channeled_bid::channel_id));
};

/// q22: the folders of the channel's URL.
struct located_bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  std::int64_t price = 0;
  std::uint32_t channel = 0;
  std::string folder1;
  std::string folder2;
  std::string folder3;
  static constexpr auto fields = leat::fields(
      "located_bid", leat::field("auction", &located_bid::auction),
      leat::field("bidder", &located_bid::bidder), leat::field("price", &located_bid::price),
      leat::field("channel", &located_bid::channel), leat::field("folder1", &located_bid::folder1),
      leat::field("folder2", &located_bid::folder2), leat::field("folder3", &located_bid::folder3));
};

/// A result as text, and the text of its key; that is empty unless it is an update.
struct result_line {
  std::string key;
  std::string text;
};

template <class R>
result_line line_of(const R& result) {
  result_line line;
  leat::append_json(line.text, result);
  if constexpr (requires { R::keys; }) {
    std::size_t n = 0;
    leat::for_each_field<R>([&](const auto& f) {
      if (n++ < R::keys)
        leat::append_json(line.key += ' ', result.*f.member);
    });
  }
  return line;
}

/// What holds at the end: all results that are no updates, and the last update of each key. Sorted.
std::vector<std::string> final_results(const std::vector<result_line>& lines);

} // namespace nexmark
