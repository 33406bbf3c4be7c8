// What a payment looks like to one who knows its terminal.
#pragma once

#include "history.hpp"
#include "records.hpp"

#include <leat/operator.hpp>

#include <array>
#include <bit>

namespace fraud {

/// How many frauds were reported on each day. Reports of one day are read from the next day on, as
/// a list that comes every night; so a report is never read before it was made. Reports made more
/// than 16 days after their payment, or before it, are not counted.
class report_calendar {
public:
  void advance(std::int64_t today) {
    const auto day = static_cast<std::int32_t>(today);
    for (auto d = std::max(today_ + 1, day - days + 1); d <= day; ++d)
      reports_[(d + days_ahead) % days] = 0;
    today_ = std::max(today_, day);
  }

  /// Notes that a report will be made on `day`.
  void expect(std::int64_t day) {
    if (day >= today_ && day <= today_ + days_ahead)
      ++reports_[day % days];
  }

  /// Reports of the seven days before today.
  int last_week() const {
    int sum = 0;
    for (int back = 1; back <= 7; ++back)
      sum += reports_[(today_ + days - back) % days];
    return sum;
  }
  int yesterday() const { return reports_[(today_ + days - 1) % days]; }

private:
  static constexpr int days_ahead = 16;
  static constexpr int days = 24; ///< seven past, today, those to come

  std::int32_t today_ = 0;
  std::array<std::uint16_t, days> reports_{};

public:
  static constexpr auto fields =
      leat::fields("report_calendar", leat::field("today", &report_calendar::today_),
                   leat::field("reports", &report_calendar::reports_));
};

/// The past of one terminal.
class terminal_profile {
public:
  /// The payment against what was remembered before it.
  features look_at(const card_view& seen) {
    const std::int64_t now = seconds(seen.time);
    hour_.advance(now);
    week_.advance(now);
    reports_.advance(now / seconds_a_day);
    features f{seen};
    f.terminal_count_1h = static_cast<float>(hour_.count() + 1);
    f.terminal_count_7d = static_cast<float>(week_.count() + 1);
    f.terminal_since_last = static_cast<float>(std::min(now - last_, longest_gap));
    f.terminal_cents_ratio = static_cast<float>(seen.cents) * static_cast<float>(week_.count()) /
                             static_cast<float>(week_.cents() + 1);
    f.terminal_newcomers =
        static_cast<float>(std::popcount(newcomers_)) / static_cast<float>(latest);
    f.terminal_reports = static_cast<float>(reports_.last_week());
    f.terminal_reports_1d = static_cast<float>(reports_.yesterday());
    f.terminal_report_share = f.terminal_reports / f.terminal_count_7d;
    return f;
  }

  void remember(const card_view& seen) {
    last_ = seconds(seen.time);
    hour_.add(seen.cents);
    week_.add(seen.cents);
    newcomers_ = newcomers_ << 1 | (seen.terminal_visits == 0);
    if (seen.fraud)
      reports_.expect(seconds(seen.fraud_known) / seconds_a_day);
  }

private:
  static constexpr int latest = 32;

  rolling_totals<600, 6> hour_;
  rolling_totals<seconds_a_day, 7> week_;
  report_calendar reports_;
  std::int64_t last_ = -longest_gap;
  std::uint32_t newcomers_ = 0; ///< one bit for each of the latest payments

public:
  static constexpr auto fields =
      leat::fields("terminal_profile", leat::field("hour", &terminal_profile::hour_),
                   leat::field("week", &terminal_profile::week_),
                   leat::field("reports", &terminal_profile::reports_),
                   leat::field("last", &terminal_profile::last_),
                   leat::field("newcomers", &terminal_profile::newcomers_));
};

/// An operator keyed by terminal: completes what the model reads.
struct terminal_features {
  using output_type = features;

  leat::value_state<terminal_profile> profile;

  void open(leat::setup& setup) { profile = setup.value<terminal_profile>("profile"); }

  void process(const card_view& seen, leat::emitter<features>& out, leat::context& ctx) {
    terminal_profile& terminal = ctx.edit(profile);
    out(terminal.look_at(seen));
    terminal.remember(seen);
  }
};

} // namespace fraud
