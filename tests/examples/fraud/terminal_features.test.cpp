#include "streams.hpp"

#include "support/catch.hpp"

#include <leat/features.hpp>

#include <rapidcheck.h>

using namespace fraud;
using namespace fraud::test;

static_assert(std::is_trivially_copyable_v<terminal_profile> && sizeof(terminal_profile) <= 192);
static_assert(leat::keyed_operator_on<terminal_features, card_view>);
static_assert(sizeof(features) <= 160 && leat::feature_count<features> == 28);

namespace {

std::int64_t day(leat::event_time t) { return seconds(t) / 86'400; }
std::int64_t ten_minutes(leat::event_time t) { return seconds(t) / 600; }

/// What the terminal's whole past says about a payment, worked out from the definitions alone.
features by_definition(const std::vector<card_view>& past, const card_view& seen) {
  features f{seen};
  std::int64_t gap = 30 * 86'400, count_1h = 0, count_7d = 0, sum_7d = 0, newcomers = 0;
  std::int64_t reports = 0, reports_1d = 0;
  const auto today = day(seen.time);
  for (std::size_t i = 0; i < past.size(); ++i) {
    const card_view& q = past[i];
    gap = std::min(gap, seconds(seen.time) - seconds(q.time));
    count_1h += ten_minutes(seen.time) - ten_minutes(q.time) < 6;
    if (today - day(q.time) < 7)
      ++count_7d, sum_7d += std::max<std::int64_t>(q.cents, 0);
    newcomers += past.size() - i <= 32 && q.terminal_visits == 0;
    const auto reported = day(q.fraud_known);
    if (q.fraud && reported - day(q.time) <= 16 && reported < today) {
      reports += today - reported <= 7;
      reports_1d += today - reported == 1;
    }
  }
  f.terminal_count_1h = static_cast<float>(count_1h + 1);
  f.terminal_count_7d = static_cast<float>(count_7d + 1);
  f.terminal_since_last = static_cast<float>(gap);
  f.terminal_cents_ratio = static_cast<float>(seen.cents) * static_cast<float>(count_7d) /
                           static_cast<float>(sum_7d + 1);
  f.terminal_newcomers = static_cast<float>(newcomers) / 32;
  f.terminal_reports = static_cast<float>(reports);
  f.terminal_reports_1d = static_cast<float>(reports_1d);
  f.terminal_report_share = f.terminal_reports / f.terminal_count_7d;
  return f;
}

bool equal(const features& a, const features& b) {
  bool same = true;
  leat::for_each_field<features>([&](const auto& f) { same = same && a.*f.member == b.*f.member; });
  return same;
}

} // namespace

TEST_CASE("a terminal's features equal a computation from its whole past") {
  CHECK(rc::check([] {
    auto all = *rc::gen::resize(200, payment_streams());
    for (payment& p : all)
      p.cents %= 1'000'000; // within what a day's total can hold
    const auto rows = features_of(all);
    std::map<std::uint32_t, std::vector<card_view>> past;
    for (const features& row : rows) {
      RC_ASSERT(equal(row, by_definition(past[row.terminal], row)));
      past[row.terminal].push_back(row);
    }
  }));
}

TEST_CASE("what is not yet known changes nothing") {
  CHECK(rc::check([] {
    auto all = *rc::gen::resize(200, payment_streams());
    RC_PRE(!all.empty());
    const auto now = all[*rc::gen::inRange<std::size_t>(0, all.size())].time;
    const auto rows = features_of(all);
    for (payment& p : all)
      if (p.fraud_known > now)
        p.fraud = !p.fraud;
    const auto others = features_of(all);
    for (std::size_t i = 0; i < all.size() && all[i].time <= now; ++i) {
      auto other = others[i];
      other.fraud = rows[i].fraud; // its own label is nothing the model reads
      RC_ASSERT(equal(rows[i], other));
    }
  }));
}

TEST_CASE("a report counts from the day after it was made, for a week") {
  const leat::event_time noon =
      std::chrono::sys_days{std::chrono::year{2024} / 3 / 1} + std::chrono::hours{12};
  terminal_profile terminal;
  card_view paid;
  paid.time = noon;
  paid.fraud = true;
  paid.fraud_known = noon + std::chrono::days{2};
  terminal.look_at(paid);
  terminal.remember(paid);
  for (int days = 0; days < 14; ++days) {
    card_view later;
    later.time = noon + std::chrono::days{days};
    const auto f = terminal.look_at(later);
    CHECK(f.terminal_reports == (days >= 3 && days <= 9 ? 1 : 0));
    CHECK(f.terminal_reports_1d == (days == 3 ? 1 : 0));
  }
}

TEST_CASE("impossible report dates are ignored") {
  terminal_profile terminal;
  card_view paid;
  paid.time = leat::event_time{std::chrono::seconds{1'700'000'000}};
  paid.fraud = true;
  for (const auto known : {leat::begin_of_time, leat::event_time{}, leat::end_of_time}) {
    paid.fraud_known = known;
    terminal.look_at(paid);
    terminal.remember(paid);
  }
  for (int days = 0; days < 40; ++days) {
    paid.time += std::chrono::days{1};
    CHECK(terminal.look_at(paid).terminal_reports == 0);
  }
}
