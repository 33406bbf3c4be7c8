// The events of Nexmark: people, the auctions that they open, and their bids. Prices are in cents.
#pragma once

#include <leat/record.hpp>
#include <leat/time.hpp>

#include <cstdint>

namespace nexmark {

/// Names, addresses and other texts of records are numbers, which texts.hpp turns into texts.
using text_number = std::uint64_t;

struct person {
  std::int64_t id = 0;
  leat::event_time time;
  text_number texts = 0;
  static constexpr auto fields =
      leat::fields("person", leat::field("id", &person::id), leat::field("time", &person::time),
                   leat::field("texts", &person::texts));
  friend bool operator==(const person&, const person&) = default;
};

struct auction {
  std::int64_t id = 0;
  std::int64_t seller = 0;
  std::int64_t category = 0;
  std::int64_t initial_bid = 0;
  std::int64_t reserve = 0;
  leat::event_time time;
  leat::event_time expires;
  text_number texts = 0;
  static constexpr auto fields = leat::fields(
      "auction", leat::field("id", &auction::id), leat::field("seller", &auction::seller),
      leat::field("category", &auction::category),
      leat::field("initial_bid", &auction::initial_bid), leat::field("reserve", &auction::reserve),
      leat::field("time", &auction::time), leat::field("expires", &auction::expires),
      leat::field("texts", &auction::texts));
  friend bool operator==(const auction&, const auction&) = default;
};

struct bid {
  std::int64_t auction = 0;
  std::int64_t bidder = 0;
  std::int64_t price = 0;
  leat::event_time time;
  std::uint32_t channel = 0; ///< the number of a channel, which has a name and a URL
  std::uint32_t extra = 0;   ///< the number of a text
  static constexpr auto fields = leat::fields(
      "bid", leat::field("auction", &bid::auction), leat::field("bidder", &bid::bidder),
      leat::field("price", &bid::price), leat::field("time", &bid::time),
      leat::field("channel", &bid::channel), leat::field("extra", &bid::extra));
  friend bool operator==(const bid&, const bid&) = default;
};

enum class event_kind : std::uint32_t { person, auction, bid };

/// One of the three, in fields that they share: 64 bytes. Fields that its kind lacks are 0.
struct event {
  event_kind kind = event_kind::person;
  std::uint32_t category = 0;
  std::int64_t id = 0;     ///< of the person or the auction
  std::int64_t person = 0; ///< the seller or the bidder
  std::int64_t price = 0;  ///< the bid, or the initial one
  std::int64_t reserve = 0;
  leat::event_time time;
  leat::event_time expires;
  text_number texts = 0; ///< of a bid: channel and extra
  static constexpr auto fields =
      leat::fields("event", leat::field("kind", &event::kind),
                   leat::field("category", &event::category), leat::field("id", &event::id),
                   leat::field("person", &event::person), leat::field("price", &event::price),
                   leat::field("reserve", &event::reserve), leat::field("time", &event::time),
                   leat::field("expires", &event::expires), leat::field("texts", &event::texts));
  friend bool operator==(const event&, const event&) = default;
};
static_assert(sizeof(event) == 64);

inline bool is_person(const event& e) { return e.kind == event_kind::person; }
inline bool is_auction(const event& e) { return e.kind == event_kind::auction; }
inline bool is_bid(const event& e) { return e.kind == event_kind::bid; }

inline person as_person(const event& e) { return {e.id, e.time, e.texts}; }
inline auction as_auction(const event& e) {
  return {e.id, e.person, e.category, e.price, e.reserve, e.time, e.expires, e.texts};
}
inline bid as_bid(const event& e) {
  return {e.id,
          e.person,
          e.price,
          e.time,
          static_cast<std::uint32_t>(e.texts >> 32U),
          static_cast<std::uint32_t>(e.texts)};
}

inline event event_of(const person& p) {
  return {event_kind::person, 0, p.id, 0, 0, 0, p.time, {}, p.texts};
}
inline event event_of(const auction& a) {
  return {event_kind::auction,
          static_cast<std::uint32_t>(a.category),
          a.id,
          a.seller,
          a.initial_bid,
          a.reserve,
          a.time,
          a.expires,
          a.texts};
}
inline event event_of(const bid& b) {
  return {event_kind::bid, 0,       b.auction,
          b.bidder,        b.price, 0,
          b.time,          {},      std::uint64_t{b.channel} << 32U | b.extra};
}

} // namespace nexmark
