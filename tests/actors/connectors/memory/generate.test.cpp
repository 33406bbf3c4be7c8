#include <leat/connectors/memory/collect.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/hosted.hpp"

using support::item;

namespace {

auto numbered_item = [](std::uint64_t n) { return item{0, static_cast<std::int64_t>(n), 0}; };

template <class Source>
std::unique_ptr<leat::stage> staged(Source source) {
  return leat::make_source_stage(std::move(source), leat::no_event_time{},
                                 support::into_port<item>());
}

leat::pull_status pull(support::hosted& host) {
  const leat::pull_status answer = dynamic_cast<leat::source_stage&>(*host.stage).pull();
  host.flush();
  return answer;
}

} // namespace

TEST_CASE("a generator makes so many records, by their numbers") {
  leat::collect<item> all;
  leat::graph g{"made"};
  g.from("in", leat::generate(numbered_item, 10'000)).to("all", all);
  REQUIRE(leat::run(std::move(g)));
  const auto records = all.records();
  REQUIRE(records.size() == 10'000);
  for (std::size_t n = 0; n < records.size(); ++n)
    CHECK(records[n] == numbered_item(n));
}

TEST_CASE("a generator without a count goes on until nobody wants more") {
  struct first_hundred {
    std::size_t got = 0;
    leat::write_status write(std::span<const item> records) {
      got += records.size();
      return got < 100 ? leat::write_status::more : leat::write_status::enough;
    }
  };
  leat::graph g{"made"};
  g.from("in", leat::generate(numbered_item)).to("some", first_hundred{});
  CHECK(leat::run(std::move(g)));
  CHECK(leat::generate(numbered_item, 0).rate() == 0);
}

TEST_CASE("a generator with a rate makes each record when it is due") {
  support::hosted host;
  REQUIRE(host.open(staged(leat::generate(numbered_item, 25, 10))));
  CHECK(pull(host).after() == std::chrono::milliseconds{100});
  CHECK(host.sent<item>().size() == 1); // the first is due at once
  host.clock.time += 99'000'000;
  CHECK(pull(host).after() == std::chrono::milliseconds{1});
  CHECK(host.sent<item>().size() == 1);
  host.clock.time += 1'000'000;
  CHECK(pull(host).is_idle());
  CHECK(host.sent<item>().size() == 2);
  host.clock.time += 1'000'000'000; // nobody was ready: what was due meanwhile comes at once
  CHECK(pull(host).is_idle());
  CHECK(host.sent<item>().size() == 12);
  host.clock.time += 10'000'000'000;
  CHECK(pull(host).is_done());
  CHECK(host.sent<item>().size() == 25);
}

TEST_CASE("the rate of the run goes before that of a generator") {
  support::hosted host;
  host.services.rate = 1000;
  REQUIRE(host.open(staged(leat::generate(numbered_item, 25, 10))));
  CHECK(pull(host).after() == std::chrono::milliseconds{1});
}

TEST_CASE("a rate that is none is told before the first record") {
  for (const double rate :
       {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK(!leat::generate(numbered_item, 1, rate).check());
  CHECK(leat::generate(numbered_item, 1, 0.5).check());
}
