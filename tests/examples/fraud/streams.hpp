// Streams of payments for tests: random ones, and features worked out key by key.
#pragma once

#include "card_features.hpp"
#include "simulation.hpp"
#include "terminal_features.hpp"

#include <rapidcheck.h>

#include <map>
#include <vector>

namespace fraud::test {

/// Payments in order of time, with gaps from none to weeks, so that all windows fill and empty.
inline rc::Gen<std::vector<payment>> payment_streams() {
  using seconds = std::chrono::seconds;
  const auto gaps = rc::gen::oneOf(rc::gen::inRange(0, 5), rc::gen::element(3600, 86'400),
                                   rc::gen::inRange(0, 4000), rc::gen::inRange(0, 90'000),
                                   rc::gen::inRange(0, 2'000'000));
  const auto one = rc::gen::apply(
      [](int gap, int micros, std::int64_t cents, int terminal, int country, int category,
         int label) {
        payment p;
        p.time = leat::event_time{seconds{gap} + std::chrono::microseconds{micros}};
        p.cents = cents;
        p.card = 1 + static_cast<std::uint32_t>(terminal * 7 % 3);
        p.terminal = static_cast<std::uint32_t>(terminal);
        p.country = static_cast<std::uint16_t>(country);
        p.category = static_cast<std::uint8_t>(category);
        p.fraud = label < 20'000 * 40;
        p.fraud_known = leat::event_time{seconds{label}};
        return p;
      },
      gaps, rc::gen::inRange(0, 1'000'000),
      rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-500, 20'000),
                     rc::gen::inRange<std::int64_t>(0, 2'000'000'000)),
      rc::gen::inRange(1, 6), rc::gen::inRange(0, 12), rc::gen::inRange(0, 13),
      rc::gen::inRange(0, 20 * 86'400));
  return rc::gen::map(rc::gen::container<std::vector<payment>>(one), [](std::vector<payment> all) {
    leat::event_time now{seconds{1'700'000'000}};
    for (payment& p : all) { // gaps and delays become moments
      now += p.time.time_since_epoch();
      p.time = now;
      p.fraud_known = now + p.fraud_known.time_since_epoch();
    }
    return all;
  });
}

inline std::vector<card_view> card_views_of(const std::vector<payment>& all) {
  std::map<std::uint32_t, card_profile> cards;
  std::vector<card_view> views;
  for (const payment& p : all) {
    views.push_back(cards[p.card].look_at(p));
    cards[p.card].remember(p);
  }
  return views;
}

inline std::vector<features> features_of(const std::vector<payment>& all) {
  std::map<std::uint32_t, terminal_profile> terminals;
  std::vector<features> rows;
  for (const card_view& view : card_views_of(all)) {
    rows.push_back(terminals[view.terminal].look_at(view));
    terminals[view.terminal].remember(view);
  }
  return rows;
}

inline std::vector<simulated> simulate(std::int64_t payments, int days, std::uint64_t seed) {
  simulation world(payments, days, seed);
  std::vector<simulated> all, day;
  while (world.next_day(day))
    all.insert(all.end(), day.begin(), day.end());
  return all;
}

inline std::vector<payment> payments_of(const std::vector<simulated>& all) {
  std::vector<payment> paid;
  for (const simulated& s : all)
    paid.push_back(s.paid);
  return paid;
}

} // namespace fraud::test
