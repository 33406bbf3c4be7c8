#include <leat/batching.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

using leat::any_batching;
using namespace std::chrono_literals;

namespace {

any_batching parsed(std::string_view spec) {
  const auto g = any_batching::parse(spec);
  INFO(spec);
  REQUIRE(g);
  return *g;
}

bool same(const any_batching& a, const any_batching& b) {
  return a.count() == b.count() && a.delay() == b.delay() && a.aligned() == b.aligned();
}

} // namespace

TEST_CASE("the four batchings as text") {
  CHECK(parsed("record").is_record_at_a_time());
  CHECK(parsed("record").delay() == 0ns);
  CHECK(same(parsed("record"), leat::record_at_a_time{}));
  CHECK(same(parsed("micro-batch:256,5ms"), leat::micro_batch{256, 5ms}));
  CHECK(same(parsed("micro-batch:1,90us"), leat::micro_batch{1, 90us}));
  CHECK(same(parsed("every:1s"), leat::every{1s}));
  CHECK(same(parsed("every:250ms,10000"), leat::every{250ms, 10'000}));
  CHECK(same(parsed("every:24h"), leat::every{24h}));
  CHECK(parsed("batch").is_batch());
  CHECK_FALSE(parsed("every:1s").is_batch());
  CHECK(parsed("every:1s").aligned());
  CHECK_FALSE(parsed("micro-batch:2,1s").aligned());
}

TEST_CASE("text() is what parse() reads") {
  for (const char* spec :
       {"record", "batch", "micro-batch:256,5ms", "micro-batch:2,1500us", "micro-batch:7,1ns",
        "every:1s", "every:90s", "every:2min", "every:3h,10"})
    CHECK(parsed(spec).text() == spec);
  CHECK(parsed("micro-batch:256,5000us").text() == "micro-batch:256,5ms");
  CHECK(parsed("every:60s").text() == "every:1min");

  CHECK(rc::check([] {
    const auto count = *rc::gen::inRange<std::size_t>(2, 1'000'000'000);
    const std::chrono::nanoseconds delay{*rc::gen::inRange<std::int64_t>(1, 1'000'000'000'000)};
    const any_batching g = *rc::gen::arbitrary<bool>()
                               ? any_batching(leat::micro_batch{count, delay})
                               : any_batching(leat::every{delay, count});
    RC_ASSERT(same(*any_batching::parse(g.text()), g));
  }));
}

TEST_CASE("an invalid batching gives an error that lists the valid ones") {
  for (const char* wrong : {"",
                            "records",
                            "Record",
                            "record ",
                            "record:1",
                            "batch:",
                            "batch:5",
                            "micro-batch",
                            "micro-batch:",
                            "micro-batch:5",
                            "micro-batch:5,",
                            "micro-batch:,5ms",
                            "micro-batch:0,5ms",
                            "micro-batch:5,0ms",
                            "micro-batch:-5,5ms",
                            "micro-batch:5,-5ms",
                            "micro-batch:5,5",
                            "micro-batch:5,5 ms",
                            "micro-batch:5,5m",
                            "micro-batch:5,1.5s",
                            "micro-batch:5,5ms,1",
                            "micro-batch:99999999999999999999,5ms",
                            "every",
                            "every:",
                            "every:1",
                            "every:1s,",
                            "every:1s,0",
                            "every:1s,x",
                            "every:1s,5x",
                            "every:,5",
                            "every:99999999999999h",
                            "every:1s 5",
                            "micro-batch 5,5ms",
                            "\n"}) {
    INFO('"' << wrong << '"');
    const auto g = any_batching::parse(wrong);
    REQUIRE_FALSE(g);
    CHECK(g.error().domain == leat::error_domain::user);
    CHECK(g.error().what == "invalid batching \"" + std::string(wrong) + '"');
    for (const char* right : {"record", "micro-batch:256,5ms", "every:1s", "batch"})
      CHECK(g.error().hint.find(right) != std::string::npos);
  }
}

TEST_CASE("a batching of no records or no time is refused") {
  CHECK_THROWS_AS(any_batching(leat::micro_batch{0, 5ms}), leat::failure);
  CHECK_THROWS_AS(any_batching(leat::micro_batch{5, 0ms}), leat::failure);
  CHECK_THROWS_AS(any_batching(leat::micro_batch{5, -1ms}), leat::failure);
  CHECK_THROWS_AS(any_batching(leat::every{0s}), leat::failure);
  CHECK_THROWS_AS(any_batching(leat::every{1s, 0}), leat::failure);
}
