// What a payment looks like to one who knows its card.
#pragma once

#include "history.hpp"
#include "records.hpp"

#include <leat/operator.hpp>

#include <array>
#include <cmath>

namespace fraud {

/// The past of one card.
class card_profile {
public:
  /// The payment against what was remembered before it.
  card_view look_at(const payment& p) {
    const std::int64_t now = seconds(p.time);
    days_.advance(now);
    card_view view{p};
    look_at_time(view, now);
    compare_with_latest(view, now);
    compare_with_week(view);
    compare_amount(view);
    view.country_share = countries_.share(p.country);
    view.category_share = categories_.share(p.category);
    view.day_part_share = day_parts_.share(day_part(now));
    return view;
  }

  void remember(const payment& p) {
    const std::int64_t now = seconds(p.time);
    const std::int64_t cents = counted(p.cents);
    const auto oldest = payments_ % latest;
    times_[oldest] = static_cast<std::uint32_t>(now);
    cents_[oldest] = static_cast<std::uint32_t>(cents);
    terminals_[oldest] = p.terminal;
    ++payments_;
    cents_sum_ += cents;
    cents_squares_ += static_cast<std::uint64_t>(cents * cents);
    days_.add(cents);
    countries_.add(p.country);
    categories_.add(p.category);
    day_parts_.add(day_part(now));
  }

private:
  static constexpr std::uint32_t latest = 8; ///< as many payments are kept one by one

  /// Cents as sums count them: refunds as nothing, and what is dearer than this as this, which
  /// keeps the sum of squares in range.
  static std::int64_t counted(std::int64_t cents) {
    return std::clamp<std::int64_t>(cents, 0, 10'000'000);
  }

  static std::size_t day_part(std::int64_t now) { return now % seconds_a_day / (3 * 3600); }

  static void look_at_time(card_view& view, std::int64_t now) {
    const std::int64_t minute = now % seconds_a_day / 60;
    view.minute = static_cast<float>(minute);
    view.weekday = static_cast<float>((now / seconds_a_day + 4) % 7); // 1970 began on a Thursday
  }

  void compare_with_latest(card_view& view, std::int64_t now) const {
    const auto cents = static_cast<std::uint32_t>(counted(view.cents));
    std::uint32_t gap = longest_gap, count_1h = 1, sum_1h = cents, count_1d = 1, sum_1d = cents;
    std::uint32_t visits = 0;
    for (std::uint32_t i = 0; i < latest; ++i) {
      const bool filled = i < payments_;
      const std::uint32_t age = filled ? static_cast<std::uint32_t>(now) - times_[i] : longest_gap;
      gap = std::min(gap, age);
      count_1h += age < 3600;
      sum_1h += age < 3600 ? cents_[i] : 0;
      count_1d += age < seconds_a_day;
      sum_1d += age < seconds_a_day ? cents_[i] : 0;
      visits += filled && terminals_[i] == view.terminal;
    }
    view.since_last = static_cast<float>(gap);
    view.count_1h = static_cast<float>(count_1h);
    view.sum_1h = static_cast<float>(sum_1h);
    view.count_1d = static_cast<float>(count_1d);
    view.sum_1d = static_cast<float>(sum_1d);
    view.terminal_visits = static_cast<float>(visits);
  }

  void compare_with_week(card_view& view) const {
    view.count_7d = static_cast<float>(days_.count() + 1);
    view.sum_7d = static_cast<float>(days_.cents() + counted(view.cents));
    view.pace = 7 * view.count_1d / view.count_7d;
  }

  void compare_amount(card_view& view) const {
    view.payments = static_cast<float>(payments_ + 1);
    if (payments_ == 0)
      return;
    const double n = payments_;
    const double mean = static_cast<double>(cents_sum_) / n;
    const double variance = static_cast<double>(cents_squares_) / n - mean * mean;
    const double apart = static_cast<double>(view.cents) - mean;
    view.mean_cents = static_cast<float>(mean);
    view.cents_ratio = static_cast<float>(static_cast<double>(view.cents) / (mean + 1));
    view.cents_deviation = static_cast<float>(apart / (std::sqrt(std::max(variance, 0.0)) + 100));
  }

  std::int64_t cents_sum_ = 0;
  std::uint64_t cents_squares_ = 0;
  std::array<std::uint32_t, latest> times_{}; ///< seconds since 1970, in a ring like the next two
  std::array<std::uint32_t, latest> cents_{};
  std::array<std::uint32_t, latest> terminals_{};
  std::uint32_t payments_ = 0;
  rolling_totals<seconds_a_day, 7> days_;
  habit<8> countries_;
  habit<10> categories_;
  habit<8> day_parts_;

public:
  static constexpr auto fields = leat::fields(
      "card_profile", leat::field("cents_sum", &card_profile::cents_sum_),
      leat::field("cents_squares", &card_profile::cents_squares_),
      leat::field("times", &card_profile::times_), leat::field("cents", &card_profile::cents_),
      leat::field("terminals", &card_profile::terminals_),
      leat::field("payments", &card_profile::payments_), leat::field("days", &card_profile::days_),
      leat::field("countries", &card_profile::countries_),
      leat::field("categories", &card_profile::categories_),
      leat::field("day_parts", &card_profile::day_parts_));
};

/// An operator keyed by card: hands on each payment with what the card's past says about it.
struct card_features {
  using output_type = card_view;

  leat::value_state<card_profile> profile;

  void open(leat::setup& setup) { profile = setup.value<card_profile>("profile"); }

  void process(const payment& p, leat::emitter<card_view>& out, leat::context& ctx) {
    card_profile& card = ctx.edit(profile);
    out(card.look_at(p));
    card.remember(p);
  }
};

} // namespace fraud
