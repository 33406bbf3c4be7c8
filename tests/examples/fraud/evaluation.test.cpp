#include "evaluation.hpp"

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <limits>

using namespace fraud;

namespace {

rc::Gen<std::vector<judged>> judged_rows() {
  // Few different scores, so that many are equal.
  return rc::gen::container<std::vector<judged>>(rc::gen::apply(
      [](int score, bool fraud) {
        return judged{static_cast<float>(score) / 8, fraud};
      },
      rc::gen::inRange(0, 9), rc::gen::arbitrary<bool>()));
}

double area_by_pairs(const std::vector<judged>& rows) {
  double won = 0, pairs = 0;
  for (const judged& bad : rows)
    for (const judged& good : rows)
      if (bad.fraud && !good.fraud) {
        ++pairs;
        won += bad.score > good.score ? 1 : bad.score == good.score ? 0.5 : 0;
      }
  return pairs == 0 ? 0.5 : won / pairs;
}

verdicts judge(const std::vector<judged>& rows, float threshold) {
  verdicts counts;
  for (const judged& row : rows)
    counts.add(row.fraud, row.score >= threshold);
  return counts;
}

} // namespace

TEST_CASE("the area under the curve equals a count over all pairs") {
  CHECK(rc::check([] {
    const auto rows = *judged_rows();
    RC_ASSERT(std::abs(area_under_curve(rows) - area_by_pairs(rows)) < 1e-12);
  }));
}

TEST_CASE("the area under the curve of clear cases") {
  CHECK(area_under_curve({}) == 0.5);
  CHECK(area_under_curve({{0.9f, true}}) == 0.5);
  CHECK(area_under_curve({{0.9f, true}, {0.1f, false}}) == 1);
  CHECK(area_under_curve({{0.1f, true}, {0.9f, false}}) == 0);
  CHECK(area_under_curve({{0.5f, true}, {0.5f, false}}) == 0.5);
}

TEST_CASE("no threshold of the wanted precision finds more frauds than the chosen one") {
  CHECK(rc::check([] {
    const auto rows = *judged_rows();
    const double wanted = *rc::gen::element(0.5, 0.75, 0.9, 1.0);
    const auto chosen = judge(rows, threshold_for(wanted, rows));
    double best_precision = 0;
    std::int64_t best_hits = 0;
    for (const judged& row : rows) {
      const auto counts = judge(rows, row.score);
      best_precision = std::max(best_precision, counts.precision());
      if (counts.precision() >= wanted)
        best_hits = std::max(best_hits, counts.hits);
    }
    if (best_precision >= wanted) {
      RC_ASSERT(chosen.precision() >= wanted);
      RC_ASSERT(chosen.hits == best_hits);
    } else if (chosen.frauds > 0) {
      RC_ASSERT(chosen.precision() == best_precision);
    } else {
      RC_ASSERT(chosen.alerts == 0);
    }
  }));
}

TEST_CASE("the threshold of rows without fraud is out of reach") {
  CHECK(std::isinf(threshold_for(0.75, {})));
  CHECK(std::isinf(threshold_for(0.75, {{0.9f, false}})));
}

TEST_CASE("an evaluation counts alerts and frauds of its time only") {
  const leat::event_time from{std::chrono::seconds{100}}, to{std::chrono::seconds{200}};
  evaluation counted(from, to, 0.5f);
  features row;
  row.fraud = true;
  row.time = from;
  counted.add(row, 0.5f); // at the threshold: a hit
  counted.add(row, 0.4f);
  row.time = to - std::chrono::microseconds{1};
  row.fraud = false;
  counted.add(row, 0.9f);
  row.time = to; // too late
  counted.add(row, 0.9f);
  row.time = from - std::chrono::microseconds{1};
  counted.add(row, 0.9f);
  CHECK(counted.counts() == verdicts{3, 2, 2, 1});
  CHECK(counted.counts().precision() == 0.5);
  CHECK(counted.counts().recall() == 0.5);
}

TEST_CASE("verdicts add up") {
  verdicts all{10, 4, 3, 2};
  all += verdicts{1, 1, 1, 1};
  CHECK(all == verdicts{11, 5, 4, 3});
  CHECK(verdicts{}.precision() == 1);
  CHECK(verdicts{}.recall() == 1);
}
