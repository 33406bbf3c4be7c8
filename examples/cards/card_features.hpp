// The features of a payment, from the earlier payments of its card.
#pragma once

#include "records.hpp"

#include <leat/operator.hpp>

namespace cards {

// [region operator]
struct card_past {
  std::int64_t payments = 0;
  std::int64_t cents = 0;
  leat::event_time last;
  static constexpr auto fields =
      leat::fields("card_past", leat::field("payments", &card_past::payments),
                   leat::field("cents", &card_past::cents), leat::field("last", &card_past::last));

  void add(const payment& p) {
    ++payments;
    cents += p.cents;
    last = p.time;
  }
};

struct card_features {
  using output_type = features;
  leat::value_state<card_past> past;

  void open(leat::setup& setup) { past = setup.value<card_past>("past"); }
  void process(const payment& p, leat::emitter<features>& out, leat::context& ctx) {
    card_past& card = ctx.edit(past); // of this payment's card
    out(seen_from(card, p));
    card.add(p);
  }
  // [end]

private:
  static features seen_from(const card_past& card, const payment& p) {
    features f{p.id, p.card, p.cents};
    if (card.payments > 0) {
      f.since_last = std::chrono::duration<float>(p.time - card.last).count();
      f.ratio = static_cast<float>(p.cents * card.payments) / static_cast<float>(card.cents);
    }
    return f;
  }
};

} // namespace cards
