#include <leat/internal/observe/held_back.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace std::chrono_literals;

namespace {

job_metrics waiting(const slowest_split& by) {
  job_metrics r;
  r.stages = {{"payments", kinds::source}, {"totals", kinds::keyed}, {"alerts", kinds::keyed}};
  for (std::size_t s : {1U, 2U})
    r.stages[s].inputs = {
        {.from = "payments", .watermark = {}, .held_back_by = by, .furthest = from_seconds(90)}};
  return r;
}

} // namespace

TEST_CASE("stages that wait for a silent split are found, and said to be") {
  const job_metrics r = waiting({"payments", "eu.csv", from_seconds(60), 12s, true});
  const auto all = held_back(r);
  REQUIRE(all.size() == 2);
  CHECK(text_of(all[0]) ==
        "totals is held back by split eu.csv of payments, at 1970-01-01T00:01:00Z for 12.0 s");
  CHECK(all[1].stage->name == "alerts");
  const job_metrics nothing = waiting({"payments", "eu.csv", begin_of_time, 12s, true});
  CHECK(text_of(held_back(nothing).front()) ==
        "totals is held back by split eu.csv of payments, at the beginning for 12.0 s");
}

TEST_CASE("a split holds nobody back that has records, is as far as others, or is silent briefly") {
  CHECK(held_back(waiting({"payments", "eu.csv", from_seconds(60), 12s, false})).empty());
  CHECK(held_back(waiting({"payments", "eu.csv", from_seconds(90), 12s, true})).empty());
  CHECK(held_back(waiting({"payments", "eu.csv", from_seconds(60), 999ms, true})).empty());
  CHECK(held_back({}).empty());
}
