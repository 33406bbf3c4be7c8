#include "streams.hpp"

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <cmath>

using namespace fraud;
using namespace fraud::test;

static_assert(std::is_trivially_copyable_v<card_profile> && sizeof(card_profile) <= 256);
static_assert(leat::keyed_operator_on<card_features, payment>);

namespace {

std::int64_t second(const payment& p) { return seconds(p.time); }
std::int64_t day(const payment& p) { return second(p) / 86'400; }
std::int64_t counted(const payment& p) { return std::clamp<std::int64_t>(p.cents, 0, 10'000'000); }
std::size_t part_of_day(const payment& p) { return second(p) % 86'400 / 10'800; }

/// The share of those payments of `past` for which `alike` holds.
template <class Alike>
float share(const std::vector<payment>& past, Alike alike) {
  return past.empty() ? 0
                      : static_cast<float>(std::ranges::count_if(past, alike)) /
                            static_cast<float>(past.size());
}

/// What the card's whole past says about a payment, worked out from the definitions alone.
card_view by_definition(const std::vector<payment>& past, const payment& p) {
  card_view view{p};
  const std::vector<payment> latest(past.end() - std::min<std::ptrdiff_t>(8, std::ssize(past)),
                                    past.end());
  std::int64_t gap = 30 * 86'400, count_1h = 1, sum_1h = counted(p), count_1d = 1,
               sum_1d = counted(p), visits = 0;
  for (const payment& q : latest) {
    const auto age = second(p) - second(q);
    gap = std::min(gap, age);
    if (age < 3600)
      ++count_1h, sum_1h += counted(q);
    if (age < 86'400)
      ++count_1d, sum_1d += counted(q);
    visits += q.terminal == p.terminal;
  }
  std::int64_t count_7d = 1, sum_7d = counted(p), sum = 0;
  std::uint64_t squares = 0;
  for (const payment& q : past) {
    if (day(p) - day(q) < 7)
      ++count_7d, sum_7d += counted(q);
    sum += counted(q);
    squares += static_cast<std::uint64_t>(counted(q) * counted(q));
  }
  view.minute = static_cast<float>(second(p) % 86'400 / 60);
  view.weekday = static_cast<float>(
      std::chrono::weekday{std::chrono::floor<std::chrono::days>(p.time)}.c_encoding());
  view.payments = static_cast<float>(past.size() + 1);
  view.since_last = static_cast<float>(gap);
  view.count_1h = static_cast<float>(count_1h);
  view.sum_1h = static_cast<float>(sum_1h);
  view.count_1d = static_cast<float>(count_1d);
  view.sum_1d = static_cast<float>(sum_1d);
  view.count_7d = static_cast<float>(count_7d);
  view.sum_7d = static_cast<float>(sum_7d);
  view.pace = 7 * view.count_1d / view.count_7d;
  view.terminal_visits = static_cast<float>(visits);
  view.country_share = share(past, [&](const payment& q) {
    return std::min<int>(q.country, 7) == std::min<int>(p.country, 7);
  });
  view.category_share = share(past, [&](const payment& q) {
    return std::min<int>(q.category, 9) == std::min<int>(p.category, 9);
  });
  view.day_part_share =
      share(past, [&](const payment& q) { return part_of_day(q) == part_of_day(p); });
  if (!past.empty()) {
    const double n = static_cast<double>(past.size()), cents = static_cast<double>(p.cents);
    const double mean = static_cast<double>(sum) / n;
    const double variance = std::max(static_cast<double>(squares) / n - mean * mean, 0.0);
    view.mean_cents = static_cast<float>(mean);
    view.cents_ratio = static_cast<float>(cents / (mean + 1));
    view.cents_deviation = static_cast<float>((cents - mean) / (std::sqrt(variance) + 100));
  }
  return view;
}

void require_equal(const card_view& a, const card_view& b) {
  leat::for_each_field<card_view>([&](const auto& f) {
    if (a.*f.member != b.*f.member)
      RC_FAIL("the " + std::string(f.name) + " differs");
  });
}

} // namespace

TEST_CASE("a card's features equal a computation from its whole past") {
  CHECK(rc::check([] {
    const auto all = *rc::gen::resize(200, payment_streams());
    const auto views = card_views_of(all);
    std::map<std::uint32_t, std::vector<payment>> past;
    for (std::size_t i = 0; i < all.size(); ++i) {
      require_equal(views[i], by_definition(past[all[i].card], all[i]));
      past[all[i].card].push_back(all[i]);
    }
  }));
}

TEST_CASE("a card's first payment has no past") {
  payment p;
  p.time = std::chrono::sys_days{std::chrono::year{2024} / 1 / 6}; // a Saturday
  p.cents = 1234;
  const auto view = card_profile{}.look_at(p);
  CHECK(view.weekday == 6);
  CHECK(view.minute == 0);
  CHECK(view.payments == 1);
  CHECK(view.since_last == 30 * 86'400);
  CHECK(view.count_1h == 1);
  CHECK(view.sum_7d == 1234);
  CHECK(view.pace == 7);
  CHECK(view.mean_cents == 0);
  CHECK(view.terminal_visits == 0);
  CHECK(view.country_share == 0);
}

TEST_CASE("late and odd payments leave a card's profile in order") {
  card_profile card;
  payment p;
  p.time = leat::event_time{std::chrono::seconds{1'700'000'000}};
  card.look_at(p);
  card.remember(p);
  p.time -= std::chrono::days{40};
  p.cents = -7;
  CHECK(card.look_at(p).count_1d == 1);
  card.remember(p);
  p.time = leat::event_time{std::chrono::seconds{-5}};
  p.cents = std::numeric_limits<std::int64_t>::max();
  const auto view = card.look_at(p);
  card.remember(p);
  CHECK(view.payments == 3);
  CHECK(std::isfinite(view.sum_7d));
}
