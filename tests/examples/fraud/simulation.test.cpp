#include "streams.hpp"

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>

using namespace fraud;
using namespace fraud::test;

namespace {

bool equal(const payment& a, const payment& b) {
  bool same = true;
  leat::for_each_field<payment>([&](const auto& f) { same = same && a.*f.member == b.*f.member; });
  return same;
}

bool equal(const std::vector<simulated>& a, const std::vector<simulated>& b) {
  return std::ranges::equal(a, b, [](const simulated& x, const simulated& y) {
    return x.why == y.why && equal(x.paid, y.paid);
  });
}

std::vector<std::int64_t> cents_of(const std::vector<simulated>& all, motive why) {
  std::vector<std::int64_t> cents;
  for (const simulated& s : all)
    if (s.why == why)
      cents.push_back(s.paid.cents);
  std::ranges::sort(cents);
  return cents;
}

std::int64_t quantile(const std::vector<std::int64_t>& sorted, double q) {
  return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

} // namespace

TEST_CASE("equal seeds give equal payments, others do not") {
  const auto all = simulate(5000, 5, 1);
  CHECK(equal(all, simulate(5000, 5, 1)));
  CHECK_FALSE(equal(all, simulate(5000, 5, 2)));
}

TEST_CASE("payments are as many as wanted, in order of time, and numbered") {
  CHECK(rc::check([] {
    const auto payments = *rc::gen::inRange<std::int64_t>(1000, 6000);
    const int days = *rc::gen::inRange(3, 40);
    const auto all = simulate(payments, days, *rc::gen::arbitrary<std::uint64_t>());
    RC_ASSERT(std::ssize(all) == payments);
    const leat::event_time first = std::chrono::sys_days{std::chrono::year{2024} / 1 / 1};
    RC_ASSERT(all.front().paid.time >= first);
    RC_ASSERT(all.back().paid.time < first + std::chrono::days{days});
    for (std::size_t i = 0; i < all.size(); ++i) {
      const payment& p = all[i].paid;
      RC_ASSERT(p.id == static_cast<std::int64_t>(i) + 1);
      if (i > 0)
        RC_ASSERT(all[i - 1].paid.time <= p.time);
      RC_ASSERT(p.cents > 0);
      RC_ASSERT(p.fraud == (all[i].why >= motive::stolen_card));
      RC_ASSERT(p.fraud_known > p.time);
    }
  }));
}

TEST_CASE("the smallest worlds work for every seed") {
  for (std::uint64_t seed = 0; seed < 500; ++seed)
    REQUIRE(simulate(1000, 20, seed).size() == 1000);
}

TEST_CASE("a small part is fraud, whatever the size and the seed") {
  // A scheme brings dozens of frauds, so small files vary more.
  for (const auto& [payments, days, most] :
       {std::tuple{20'000, 12, 0.012}, {50'000, 12, 0.012}, {200'000, 19, 0.01}})
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const auto all = simulate(payments, days, seed);
      const auto frauds = std::ranges::count_if(all, [](const auto& s) { return s.paid.fraud; });
      const double share = static_cast<double>(frauds) / payments;
      CAPTURE(payments, seed);
      CHECK(share > 0.005);
      CHECK(share < most);
    }
}

TEST_CASE("honest people do what thieves do") {
  const auto all = simulate(200'000, 19, 1);
  std::map<motive, std::vector<std::int64_t>> cents;
  for (const motive why : {motive::everyday, motive::trip, motive::treat, motive::spree,
                           motive::stolen_card, motive::skimmed_terminal, motive::burst}) {
    cents[why] = cents_of(all, why);
    REQUIRE(cents[why].size() > 100);
  }
  // Dear things are bought by both, and many frauds cost no more than everyday life.
  CHECK(quantile(cents[motive::treat], 0.5) > quantile(cents[motive::everyday], 0.9));
  CHECK(quantile(cents[motive::treat], 0.9) > quantile(cents[motive::stolen_card], 0.5));
  for (const motive why : {motive::stolen_card, motive::skimmed_terminal, motive::burst})
    CHECK(quantile(cents[why], 0.3) < quantile(cents[motive::everyday], 0.9));

  // There are more honest payments in a row than stolen numbers used up, and more honest payments
  // away from home than all frauds together.
  CHECK(cents[motive::spree].size() > 2 * cents[motive::burst].size());
  CHECK(cents[motive::trip].size() > cents[motive::stolen_card].size() +
                                         cents[motive::skimmed_terminal].size() +
                                         cents[motive::burst].size());
}

TEST_CASE("a skimmed terminal defrauds many cards and serves honest ones too") {
  const auto all = simulate(200'000, 19, 1);
  std::map<std::uint32_t, std::map<std::uint32_t, int>> frauds;
  std::map<std::uint32_t, int> honest;
  for (const simulated& s : all)
    if (s.why == motive::skimmed_terminal)
      ++frauds[s.paid.terminal][s.paid.card];
    else if (!s.paid.fraud)
      ++honest[s.paid.terminal];
  REQUIRE(frauds.size() >= 5);
  std::size_t many = 0, both = 0;
  for (const auto& [terminal, cards] : frauds) {
    many += cards.size() >= 10;
    both += honest[terminal] >= 10;
  }
  CHECK(many > frauds.size() / 2);
  CHECK(both > frauds.size() / 2);
}
