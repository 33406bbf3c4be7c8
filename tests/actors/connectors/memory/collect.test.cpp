#include <leat/connectors/memory/collect.hpp>
#include <leat/connectors/memory/null.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/epochs.hpp"

namespace {

struct numbers {
  using record_type = int;
  int end = 0;
  int next = 0;
  leat::pull_status pull(std::size_t demand, leat::emitter<int>& out) {
    for (; demand > 0 && next < end; --demand)
      out(next++);
    return next < end ? leat::pull_status::more() : leat::pull_status::done();
  }
};

} // namespace

TEST_CASE("collect keeps what a job gave, in order") {
  leat::collect<int> all;
  leat::graph g{"numbers"};
  g.from("numbers", numbers{5}).to("all", all);
  REQUIRE(leat::run(std::move(g)));
  CHECK(all.records() == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("subtasks on several threads collect without losses, each in order") {
  leat::collect<int> all;
  leat::graph g{"numbers"};
  g.from("numbers", numbers{50'000}).to("all", all, {4});
  leat::run_options options;
  options.workers = 4;
  REQUIRE(leat::run(std::move(g), options));
  std::vector<int> got = all.records();
  REQUIRE(got.size() == 50'000);
  std::size_t falls = 0; // at most where one subtask's records end and the next one's begin
  for (std::size_t i = 1; i < got.size(); ++i)
    falls += got[i] < got[i - 1] ? 1 : 0;
  CHECK(falls <= 3);
  std::sort(got.begin(), got.end());
  for (int i = 0; i < 50'000; ++i)
    REQUIRE(got[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("one collection may take the records of two sinks") {
  leat::collect<int> all;
  leat::graph g{"numbers"};
  auto source = g.from("numbers", numbers{100});
  source.to("one", all);
  source.to("two", all);
  REQUIRE(leat::run(std::move(g)));
  CHECK(all.records().size() == 200);
}

TEST_CASE("the null sink takes everything") {
  leat::graph g{"numbers"};
  g.from("numbers", numbers{1000}).to("nowhere", leat::null_sink{});
  const auto done = leat::run(std::move(g));
  REQUIRE(done);
  CHECK(done->stages.back().records_in == 1000);
}

TEST_CASE("whatever crashes, records of complete checkpoints are collected once") {
  using support::item;
  support::for_seeds(100, [](support::dice d) {
    const auto records = support::numbered(d(1, 150));
    leat::collect<item> all;
    const auto sorted = [&] {
      auto got = all.records();
      std::sort(got.begin(), got.end(),
                [](const item& a, const item& b) { return a.number < b.number; });
      return got;
    };
    support::run_with_crashes(
        records, d, {},
        [&] {
          return std::make_unique<leat::sink_stage<item, leat::collect<item>>>(
              all, std::chrono::nanoseconds{0});
        },
        [&](const support::saved_job& job) { REQUIRE(all.records().size() <= job.records); });
    REQUIRE(sorted() == records);
  });
}
