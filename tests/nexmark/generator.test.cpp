#include "nexmark/generator.hpp"

#include "support/catch.hpp"

#include <map>
#include <vector>

using namespace nexmark;
using namespace std::chrono_literals;

namespace {

template <class Is, class Has>
double share(const std::vector<event>& all, Is is, Has has) {
  double count = 0, with = 0;
  for (const event& e : all)
    if (is(e)) {
      ++count;
      with += has(e) ? 1 : 0;
    }
  return with / count;
}

constexpr std::int64_t group = 100; // of which one is hot

} // namespace

TEST_CASE("of 50 events one is a person, three are auctions and 46 are bids") {
  const auto all = all_events({.events = 5000});
  for (std::size_t n = 0; n < all.size(); ++n) {
    const event_kind expected = n % 50 == 0  ? event_kind::person
                                : n % 50 < 4 ? event_kind::auction
                                             : event_kind::bid;
    REQUIRE(all[n].kind == expected);
  }
}

TEST_CASE("people and auctions are numbered without gaps") {
  std::int64_t next_person = 1000, next_auction = 1000;
  for (const event& e : all_events({.events = 5000})) {
    if (is_person(e))
      REQUIRE(e.id == next_person++);
    if (is_auction(e))
      REQUIRE(e.id == next_auction++);
  }
}

TEST_CASE("bids and auctions refer to what is recent, or about to come") {
  std::int64_t people = 0, auctions = 0;
  std::size_t of_future_people = 0, for_future_auctions = 0;
  for (const event& e : all_events({.events = 200'000})) {
    people += is_person(e);
    auctions += is_auction(e);
    if (is_person(e))
      continue;
    const std::int64_t person = e.person - first_id;
    REQUIRE(person < people + 10);
    REQUIRE(person >= people - 1000);
    of_future_people += person >= people;
    if (is_auction(e))
      continue;
    const std::int64_t auction = e.id - first_id;
    REQUIRE(auction < auctions + 10);
    REQUIRE(auction >= auctions - 1 - 100);
    for_future_auctions += auction >= auctions;
  }
  CHECK(of_future_people > 0);
  CHECK(for_future_auctions > 0);
}

TEST_CASE("some auctions, bidders, sellers and channels are hot") {
  const auto all = all_events({.events = 1'000'000});
  const auto hot = [](std::int64_t id, std::int64_t place) {
    return (id - first_id) % group == place;
  };
  // The hot ones, and their part of the others.
  CHECK(share(all, is_bid, [&](const event& e) { return hot(e.id, 0); }) ==
        Approx(0.5 + 0.5 / 100).epsilon(0.01));
  CHECK(share(all, is_bid, [&](const event& e) { return hot(e.person, 1); }) ==
        Approx(0.75 + 0.25 / 100).epsilon(0.01));
  CHECK(share(all, is_auction, [&](const event& e) { return hot(e.person, 0); }) ==
        Approx(0.75 + 0.25 / 100).epsilon(0.01));
  CHECK(share(all, is_bid, [&](const event& e) { return as_bid(e).channel < hot_channels; }) ==
        Approx(0.5).epsilon(0.01));
}

TEST_CASE("what is not hot is chosen evenly") {
  std::map<std::int64_t, double> ahead; // how far the auction of a bid is ahead of the last one
  std::map<std::uint32_t, double> channels;
  std::map<std::int64_t, double> categories;
  std::int64_t last = 0;
  for (const event& e : all_events({.events = 2'000'000})) {
    if (is_auction(e)) {
      last = e.id;
      ++categories[e.category];
    }
    if (is_bid(e) && (e.id - first_id) % group != 0)
      ++ahead[e.id - last];
    if (is_bid(e))
      ++channels[as_bid(e).channel];
  }
  CHECK(ahead.size() == 111);
  for (std::int64_t d = -100; d <= 10; ++d)
    CHECK(ahead[d] == Approx(ahead[-50]).epsilon(0.1));
  CHECK(channels.size() == all_channels);
  CHECK(categories.size() == 5);
  for (std::int64_t c = 10; c < 15; ++c)
    CHECK(categories[c] == Approx(2'000'000. * 3 / 50 / 5).epsilon(0.02));
}

TEST_CASE("prices are spread by their logarithms, from a dollar to a million") {
  std::vector<std::int64_t> prices;
  for (const event& e : all_events({.events = 1'000'000}))
    if (is_bid(e))
      prices.push_back(e.price);
  std::ranges::sort(prices);
  CHECK(prices.front() >= 100);
  CHECK(prices.back() <= 100'000'000);
  // A sixth of all for each power of ten.
  for (std::size_t power = 1; power < 6; ++power)
    CHECK(static_cast<double>(prices[prices.size() * power / 6]) ==
          Approx(100 * std::pow(10, power)).epsilon(0.05));
}

TEST_CASE("times rise at the rate") {
  const auto all = all_events({.events = 5000, .rate = 2000});
  for (std::size_t n = 0; n < all.size(); ++n)
    REQUIRE(all[n].time == first_time + n * 500us);
}

TEST_CASE("times are out of order within the bound, and use it") {
  const auto all = all_events({.events = 100'000, .rate = 1000, .disorder = 3s});
  leat::event_time newest = leat::begin_of_time;
  std::chrono::microseconds most{0};
  for (const event& e : all) {
    newest = std::max(newest, e.time);
    most = std::max(most, newest - e.time);
  }
  CHECK(most <= 3s);
  CHECK(most > 2900ms);
}

TEST_CASE("auctions are open as long as it takes a hundred others to begin, on average") {
  std::chrono::microseconds open{0};
  std::int64_t auctions = 0;
  for (const event& e : all_events({.events = 500'000, .rate = 1000}))
    if (is_auction(e)) {
      REQUIRE(e.expires > e.time);
      REQUIRE(e.reserve > e.price);
      open += e.expires - e.time;
      ++auctions;
    }
  CHECK(static_cast<double>((open / auctions).count()) == Approx(1'666'000).epsilon(0.03));
}

TEST_CASE("an event is the same on every machine, whatever was made before") {
  const generator make(generator_options{});
  event person, auction, bid;
  make.make(7'000'000'050, person);
  make.make(123'456'703, auction);
  make.make(123'456'704, bid);
  CHECK(person == event{event_kind::person,
                        0,
                        140'001'001,
                        0,
                        0,
                        0,
                        leat::from_micros(1'436'925'400'000'050),
                        {},
                        0xF1EA'87E7'0F39'A3D1});
  CHECK(auction == event{event_kind::auction, 11, 7'408'404, 2'470'100, 11'786'036, 103'632'314,
                         leat::from_micros(1'436'918'523'456'703),
                         leat::from_micros(1'436'918'523'457'193), 0xCCEE'7670'BB6B'68A9});
  CHECK(bid == event{event_kind::bid,
                     0,
                     7'408'400,
                     2'470'101,
                     2'144,
                     0,
                     leat::from_micros(1'436'918'523'456'704),
                     {},
                     0xC0C'000F'488B});
}

TEST_CASE("invalid options are refused") {
  CHECK(generator_options{}.check());
  CHECK(!generator_options{.events = 2'000'000'000'000}.check());
  CHECK(!generator_options{.rate = 0}.check());
  CHECK(!generator_options{.disorder = -1us}.check());
  CHECK(!generator_options{.disorder = 25h}.check());
  CHECK(!generator_options{.splits = 0}.check());
  CHECK(!generator_options{.splits = 129}.check());
}
