#include <leat/detail/stage/histogram.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

TEST_CASE("a quantile is off by at most 3.2 percent, and never too small") {
  CHECK(rc::check([] {
    leat::histogram h;
    std::vector<leat::clock_time> values;
    for (int n = *rc::gen::inRange(1, 300); n > 0; --n) {
      const int bits = *rc::gen::inRange(0, 63);
      const auto value = *rc::gen::inRange<leat::clock_time>(0, (leat::clock_time{1} << bits) + 1);
      values.push_back(value);
      h.add(value);
    }
    std::sort(values.begin(), values.end());
    RC_ASSERT(h.count() == values.size());
    RC_ASSERT(h.highest() == values.back());
    for (const double share : {0.0, 0.1, 0.5, 0.9, 0.99, 1.0}) {
      const auto rank = static_cast<std::size_t>(
          std::max(1.0, std::ceil(share * static_cast<double>(values.size()))));
      const leat::clock_time right = values[rank - 1], told = h.quantile(share);
      RC_ASSERT(told >= right);
      RC_ASSERT(static_cast<double>(told) <= static_cast<double>(right) * 1.032);
    }
  }));
}

TEST_CASE("a histogram at its ends") {
  leat::histogram h;
  CHECK(h.count() == 0);
  CHECK(h.quantile(0.5) == 0);
  CHECK(h.highest() == 0);
  h.add(-5); // a clock that went back
  CHECK(h.quantile(1) == 0);
  h.add(std::numeric_limits<leat::clock_time>::max());
  CHECK(h.quantile(1) == std::numeric_limits<leat::clock_time>::max());
  CHECK(h.quantile(0.5) == 0);
}

TEST_CASE("histograms merge into the histogram of all") {
  leat::histogram a, b, all;
  for (int n = 1; n < 5000; ++n) {
    (n % 3 == 0 ? a : b).add(n * n, static_cast<std::uint64_t>(n % 4));
    all.add(n * n, static_cast<std::uint64_t>(n % 4));
  }
  a.merge(b);
  CHECK(a.count() == all.count());
  for (const double share : {0.01, 0.5, 0.99})
    CHECK(a.quantile(share) == all.quantile(share));
  CHECK(a.highest() == all.highest());
}
