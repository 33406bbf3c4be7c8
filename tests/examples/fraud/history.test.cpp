#include "history.hpp"

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <vector>

using fraud::habit;
using fraud::rolling_totals;

TEST_CASE("rolling totals hold the present step and those before it") {
  rolling_totals<10, 3> totals;
  totals.advance(1000);
  totals.add(5);
  totals.advance(1009); // the same step
  totals.add(7);
  CHECK(totals.count() == 2);
  CHECK(totals.cents() == 12);
  totals.advance(1029); // two steps on: still within three
  CHECK(totals.count() == 2);
  totals.advance(1030);
  CHECK(totals.count() == 0);
  CHECK(totals.cents() == 0);
}

TEST_CASE("rolling totals equal a sum over everything") {
  CHECK(rc::check([](const std::vector<std::pair<std::uint16_t, std::uint16_t>>& steps) {
    rolling_totals<60, 5> totals;
    std::vector<std::pair<std::int64_t, std::int64_t>> all; // time, cents
    std::int64_t now = 1'000'000;
    for (const auto& [gap, cents] : steps) {
      now += gap % 400;
      totals.advance(now);
      std::int64_t count = 0, sum = 0;
      for (const auto& [time, amount] : all)
        if (now / 60 - time / 60 < 5)
          ++count, sum += amount;
      RC_ASSERT(totals.count() == count);
      RC_ASSERT(totals.cents() == sum);
      totals.add(cents);
      all.emplace_back(now, cents);
    }
  }));
}

TEST_CASE("rolling totals stay at their limits") {
  rolling_totals<10, 2> totals;
  totals.add(-5);
  CHECK(totals.cents() == 0);
  for (int i = 0; i < 70'000; ++i)
    totals.add(1'000'000);
  CHECK(totals.count() == 65'535);
  CHECK(totals.cents() == 4'294'967'295);
}

TEST_CASE("a habit is the share of past choices") {
  habit<3> choices;
  CHECK(choices.share(0) == 0);
  choices.add(0);
  choices.add(1);
  choices.add(1);
  choices.add(9); // counts as the last
  CHECK(choices.share(0) == 0.25f);
  CHECK(choices.share(1) == 0.5f);
  CHECK(choices.share(2) == 0.25f);
  CHECK(choices.share(100) == 0.25f);
}

TEST_CASE("old habits fade") {
  habit<2> choices;
  for (int i = 0; i < 10'000; ++i)
    choices.add(0);
  for (int i = 0; i < 1000; ++i)
    choices.add(1);
  CHECK(choices.share(1) > 0.9f);
  CHECK(std::abs(choices.share(0) + choices.share(1) - 1) < 1e-6f);
}
