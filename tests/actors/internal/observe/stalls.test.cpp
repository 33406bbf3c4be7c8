#include <leat/internal/observe/stalls.hpp>
#include <leat/quantities.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace std::chrono_literals;

namespace {

job_metrics metrics(std::chrono::nanoseconds elapsed, std::vector<edge_metrics> edges) {
  job_metrics r;
  r.elapsed = elapsed;
  r.edges = std::move(edges);
  return r;
}

} // namespace

TEST_CASE("no edge stalled, nobody to blame") {
  CHECK(stalls_between({}, metrics(10s, {{"a", "b", 0ns}, {"b", "c", 99ms}})).empty());
  CHECK(stalls_between({}, metrics(0s, {{"a", "b", 5s}})).empty());
  CHECK(stalls_between({}, job_metrics{}).empty());
}

TEST_CASE("where no edge stalls, the busiest stage is named, if it is busy most of the time") {
  job_metrics before, now;
  before.elapsed = 1s, now.elapsed = 3s;
  before.stages = now.stages = {{"a", kinds::source}, {"b", kinds::actor}};
  CHECK_FALSE(busiest_between(before, now));
  before.stages[0].busy = 1s, now.stages[0].busy = 1500ms;
  before.stages[1].busy = 200ms, now.stages[1].busy = 2100ms;
  const auto busiest = busiest_between(before, now);
  REQUIRE(busiest);
  CHECK(busiest->stage->name == "b");
  CHECK(percent(busiest->share) == "95 %");
  now.stages[1].busy = 1s;
  CHECK_FALSE(busiest_between(before, now)); // 40 %
  now.elapsed = 1050ms;
  CHECK_FALSE(busiest_between(before, now)); // too short to tell
}

TEST_CASE("the culprit is where stalling ends, not where it is longest") {
  const auto now = metrics(10s, {{"a", "b", 9800ms}, {"b", "c", 9700ms}, {"c", "d", 9600ms}});
  const auto stalls = stalls_between({}, now);
  REQUIRE(stalls.size() == 3);
  CHECK(stalls[0].edge->to == "d");
  CHECK(percent(stalls[0].share) == "96 %");
  CHECK(stalls[1].edge->to == "b");
  CHECK(stalls[2].edge->to == "c");
}

TEST_CASE("a slow stage in the middle is named") {
  const auto now = metrics(10s, {{"a", "b", 9000ms}, {"b", "c", 8900ms}, {"c", "d", 500ms}});
  CHECK(stalls_between({}, now).front().edge->to == "c");
}

TEST_CASE("a slow sink behind parallel stages is named, though each of them stalls less") {
  const auto now = metrics(10s, {{"in", "card", 4900ms},
                                 {"card", "terminal", 4600ms},
                                 {"terminal", "pane", 2000ms},
                                 {"pane", "risk", 2300ms},
                                 {"risk", "alerts", 2200ms}});
  CHECK(stalls_between({}, now).front().edge->to == "alerts");
}

TEST_CASE("with several branches, the one that stalls its fork is named") {
  const auto now =
      metrics(10s, {{"a", "fork", 9000ms}, {"fork", "quick", 200ms}, {"fork", "slow", 8900ms}});
  CHECK(stalls_between({}, now).front().edge->to == "slow");
}

TEST_CASE("only what happened between the reports counts") {
  const auto before = metrics(10s, {{"a", "b", 9s}, {"b", "c", 0s}});
  const auto now = metrics(11s, {{"a", "b", 9s}, {"b", "c", 500ms}});
  const auto stalls = stalls_between(before, now);
  REQUIRE(stalls.size() == 1);
  CHECK(stalls[0].edge->to == "c");
  CHECK(percent(stalls[0].share) == "50 %");
}
