// The records of the fraud example. Each stage adds what it knows to what came before:
// payment -> card_view -> features -> alert.
#pragma once

#include <leat/record.hpp>
#include <leat/time.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace fraud {

/// The fields of Base, and more.
template <leat::record Base, class... Fields>
constexpr auto extend(std::string_view name, Fields... more) {
  return leat::with_fields<Base>(
      [&](auto... first) { return leat::fields(name, first..., more...); });
}

/// A card payment as a bank's history holds it, with what was found out about it later.
struct payment {
  std::int64_t id = 0;
  leat::event_time time;
  std::int64_t cents = 0;
  std::uint32_t card = 0;
  std::uint32_t terminal = 0;
  std::uint32_t merchant = 0;
  std::uint16_t country = 0; ///< where the terminal stands
  std::uint8_t category = 0; ///< the merchant's trade
  bool fraud = false;
  leat::event_time fraud_known; ///< when `fraud` was found out; nobody may look at it before

  static constexpr auto fields = leat::fields(
      "payment", leat::field("id", &payment::id), leat::field("time", &payment::time),
      leat::feature("cents", &payment::cents), leat::field("card", &payment::card),
      leat::field("terminal", &payment::terminal), leat::field("merchant", &payment::merchant),
      leat::field("country", &payment::country), leat::feature("category", &payment::category),
      leat::field("fraud", &payment::fraud), leat::field("fraud_known", &payment::fraud_known));
};

/// A payment seen against its card's past. Counts and sums hold this payment too; means, shares
/// and visits are of the payments before it. Money is in cents, time in seconds.
struct card_view : payment {
  float minute = 0;          ///< of the day, UTC
  float weekday = 0;         ///< 0 is Sunday
  float payments = 0;        ///< of this card, ever
  float since_last = 0;      ///< since the card's last payment, 30 days at most
  float count_1h = 0;        ///< among the card's latest eight, and this
  float sum_1h = 0;          ///< likewise
  float count_1d = 0;        ///< likewise
  float sum_1d = 0;          ///< likewise
  float count_7d = 0;        ///< today and the six days before
  float sum_7d = 0;          ///< likewise
  float pace = 0;            ///< count_1d over the card's payments a day in those seven
  float mean_cents = 0;      ///< of the card, ever
  float cents_ratio = 0;     ///< this amount over that mean
  float cents_deviation = 0; ///< this amount from that mean, about in standard deviations
  float terminal_visits = 0; ///< among those eight, at this terminal
  float country_share = 0;   ///< of the card's payments, those in this country
  float category_share = 0;  ///< of the card's payments, those in this trade
  float day_part_share = 0;  ///< of the card's payments, those in this eighth of the day

  static constexpr auto fields = extend<payment>(
      "card_view", leat::feature("minute", &card_view::minute),
      leat::feature("weekday", &card_view::weekday),
      leat::feature("payments", &card_view::payments),
      leat::feature("since_last", &card_view::since_last),
      leat::feature("count_1h", &card_view::count_1h), leat::feature("sum_1h", &card_view::sum_1h),
      leat::feature("count_1d", &card_view::count_1d), leat::feature("sum_1d", &card_view::sum_1d),
      leat::feature("count_7d", &card_view::count_7d), leat::feature("sum_7d", &card_view::sum_7d),
      leat::feature("pace", &card_view::pace), leat::feature("mean_cents", &card_view::mean_cents),
      leat::feature("cents_ratio", &card_view::cents_ratio),
      leat::feature("cents_deviation", &card_view::cents_deviation),
      leat::feature("terminal_visits", &card_view::terminal_visits),
      leat::feature("country_share", &card_view::country_share),
      leat::feature("category_share", &card_view::category_share),
      leat::feature("day_part_share", &card_view::day_part_share));
};

/// What the model reads: a card_view seen against its terminal's past, by the same rules.
struct features : card_view {
  float terminal_count_1h = 0;     ///< in six steps of ten minutes
  float terminal_count_7d = 0;     ///< today and the six days before
  float terminal_since_last = 0;   ///< since the terminal's last payment, 30 days at most
  float terminal_cents_ratio = 0;  ///< this amount over the terminal's mean of seven days
  float terminal_newcomers = 0;    ///< of its latest 32 payments, those by cards new to it
  float terminal_reports = 0;      ///< frauds reported to it on the seven days before today
  float terminal_reports_1d = 0;   ///< of these, yesterday's
  float terminal_report_share = 0; ///< terminal_reports over terminal_count_7d

  static constexpr auto fields = extend<card_view>(
      "features", leat::feature("terminal_count_1h", &features::terminal_count_1h),
      leat::feature("terminal_count_7d", &features::terminal_count_7d),
      leat::feature("terminal_since_last", &features::terminal_since_last),
      leat::feature("terminal_cents_ratio", &features::terminal_cents_ratio),
      leat::feature("terminal_newcomers", &features::terminal_newcomers),
      leat::feature("terminal_reports", &features::terminal_reports),
      leat::feature("terminal_reports_1d", &features::terminal_reports_1d),
      leat::feature("terminal_report_share", &features::terminal_report_share));
};

/// A payment to look into, and the model that says so.
struct alert {
  std::int64_t payment = 0;
  leat::event_time time;
  std::uint32_t card = 0;
  std::int64_t cents = 0;
  float score = 0;
  std::string model; ///< SHA-256 of the model's file

  static constexpr auto fields = leat::fields(
      "alert", leat::field("payment", &alert::payment), leat::field("time", &alert::time),
      leat::field("card", &alert::card), leat::field("cents", &alert::cents),
      leat::field("score", &alert::score), leat::field("model", &alert::model));
};

} // namespace fraud
