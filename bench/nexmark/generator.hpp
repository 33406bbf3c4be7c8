// Makes the events of Nexmark. Each follows from its number alone.
//
// Of every 50 events the first is a person, the next three are auctions, the others are bids. Half
// of the bids go to one hot auction in a hundred, three of four come from one hot bidder in a
// hundred, and three of four auctions from one hot seller in a hundred. The others choose among the
// newest hundred auctions and thousand people, and ten that are still to come.
#pragma once

#include "events.hpp"
#include "random_words.hpp"
#include "texts.hpp"

#include <leat/error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

namespace nexmark {

struct generator_options {
  std::uint64_t events = 20'000'000;
  std::uint64_t rate = 1'000'000; ///< events in a second of event time
  /// The time of each event is earlier by up to this.
  std::chrono::microseconds disorder{0};
  /// The events in so many parts that rise in parallel, each in blocks of 50.
  std::uint64_t splits = 1;

  leat::result<void> check() const;
};

inline constexpr std::uint64_t block_events = 50; ///< with all three kinds in their shares
inline constexpr std::uint64_t block_auctions = 3;
inline constexpr std::int64_t first_id = 1000; ///< of people and of auctions
inline constexpr std::int64_t first_category = 10;
/// The time of the first event: 2015-07-15, 00:00 UTC.
inline constexpr leat::event_time first_time = leat::from_seconds(1'436'918'400);

class generator {
public:
  explicit generator(const generator_options& options) : options_(options) {}

  /// Makes event `n`, counted from 0.
  void make(std::uint64_t n, event& to) const {
    const std::uint64_t block = n / block_events, place = n % block_events;
    if (place > block_auctions) [[likely]]
      make_bid(n, block, to);
    else if (place > 0)
      make_auction(n, block, block * block_auctions + place - 1, to);
    else
      make_person(n, block, to);
  }

private:
  static constexpr std::uint64_t hot_group = 100; // of which one is hot
  static constexpr std::uint64_t in_flight = 100; // auctions
  static constexpr std::uint64_t active = 1000;   // people
  static constexpr std::uint64_t lead = 10;       // auctions and people still to come

  /// Where prices lie that are spread evenly by their logarithms: in 1/256 of a cent.
  static constexpr std::size_t price_steps = 1024;
  static const std::array<std::uint64_t, price_steps + 1> prices;

  static std::int64_t price(std::uint64_t word) {
    const std::uint64_t step = word >> 22U & (price_steps - 1), part = word & 0x3F'FFFFU;
    const std::uint64_t low = prices[step], high = prices[step + 1];
    return static_cast<std::int64_t>((low + ((high - low) * part >> 22U) + 128) >> 8U);
  }

  leat::event_time due(std::uint64_t n) const {
    return first_time + std::chrono::microseconds{n * 1'000'000 / options_.rate};
  }
  leat::event_time time(std::uint64_t n) const {
    if (options_.disorder.count() == 0)
      return due(n);
    const auto spread = static_cast<std::uint64_t>(options_.disorder.count()) + 1;
    return due(n) - std::chrono::microseconds{random_word(~n) % spread};
  }

  static std::int64_t some_person(std::uint64_t last, std::uint64_t word) {
    const std::uint64_t people = last + 1, recent = std::min(people, active);
    return first_id + static_cast<std::int64_t>(people - recent + below(recent + lead, word));
  }
  static std::int64_t some_auction(std::uint64_t last, std::uint64_t word) {
    const std::uint64_t oldest = last - std::min(last, in_flight);
    return first_id + static_cast<std::int64_t>(oldest + below(last - oldest + 1 + lead, word));
  }
  /// The hot one of the last group, or the one after it.
  static std::int64_t hot_one(std::uint64_t last, std::int64_t next) {
    return first_id + static_cast<std::int64_t>(last / hot_group * hot_group) + next;
  }

  /// `first ? a : b` without a branch: processors cannot foresee what is random.
  template <class T>
  static T chosen(bool first, T a, T b) {
    return b ^ ((a ^ b) & -static_cast<T>(first));
  }

  void make_bid(std::uint64_t n, std::uint64_t block, event& to) const {
    const std::uint64_t a = random_word(n), b = random_word(a), c = random_word(b);
    const std::uint64_t last_auction = block * block_auctions + block_auctions - 1;
    const bool hot_auction = (a >> 63U & 1U) != 0, hot_bidder = (a >> 61U & 3U) != 0;
    const bool hot_channel = (a >> 60U & 1U) != 0;
    const std::uint64_t channel = chosen(hot_channel, a >> 58U & (hot_channels - 1),
                                         hot_channels + below(all_channels - hot_channels, c));
    to = {event_kind::bid,
          0,
          chosen(hot_auction, hot_one(last_auction, 0), some_auction(last_auction, b)),
          chosen(hot_bidder, hot_one(block, 1), some_person(block, b >> 32U)),
          price(a),
          0,
          time(n),
          {},
          channel << 32U | (c >> 32U & (all_extras - 1))};
  }
  void make_auction(std::uint64_t n, std::uint64_t block, std::uint64_t number, event& to) const;
  void make_person(std::uint64_t n, std::uint64_t block, event& to) const;

  generator_options options_;
};

/// All of them, in the order of their numbers.
std::vector<event> all_events(const generator_options& options);

} // namespace nexmark
