#include "cards/graph.hpp"

#include "support/catch.hpp"

#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/files/dead_letter_file.hpp>
#include <leat/connectors/memory/collect.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/scoring/trees.hpp>
#include <leat/testing/harness.hpp>
#include <leat/testing/simulation.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

using namespace cards;

namespace {

const std::string folder =
    std::filesystem::path(__FILE__).parent_path() / "../../../examples/cards";
const std::string model = folder + "/model.json";

// [region ends]
// A source of records that a test holds in memory.
auto from_memory(std::vector<payment> all) {
  const std::size_t count = all.size();
  return leat::generate([all = std::move(all)](std::uint64_t n) { return all[n]; }, count);
}
// [end]

/// Payments of a few cards, so that each has a past; every seventh is far too large.
std::vector<payment> many_payments(std::int64_t count) {
  std::vector<payment> all;
  for (std::int64_t i = 0; i < count; ++i)
    all.push_back({i, leat::event_time{std::chrono::seconds{20 * i}},
                   "card " + std::to_string(i * i % 5), i % 7 == 6 ? 90'000 : 1000 + i});
  return all;
}

} // namespace

// [region operator]
TEST_CASE("a payment is compared with the earlier ones of its card") {
  const auto at = [](int seconds) { return leat::event_time{std::chrono::seconds{seconds}}; };
  const std::vector<payment> payments = {
      {1, at(0), "anna", 1000}, {2, at(5), "ben", 70'000}, {3, at(30), "anna", 5000}};
  const auto seen = leat::testing::check_operator(
      card_features{}, [](const payment& p) { return p.card; }, payments);
  REQUIRE(seen.size() == 3);
  CHECK(std::isnan(seen[0].ratio));
  CHECK(std::isnan(seen[1].ratio)); // nobody's past but ben's
  CHECK(seen[2].ratio == 5);
  CHECK(seen[2].since_last == 30);
}
// [end]

// [region modes]
std::vector<alert> alerts_of(leat::testing::simulation_options options) {
  const leat::collect<alert> alerts;
  leat::testing::simulation world(
      scoring(from_memory(many_payments(300)), leat::trees<features>(model), alerts), options);
  if (const auto ended = world.run(); !ended)
    throw leat::failure(ended.error());
  auto all = alerts.records();
  // Sinks take records of several subtasks as they come.
  std::ranges::sort(all, {}, &alert::payment);
  return all;
}

TEST_CASE("alerts are the same in every mode, cut and order of events") {
  const auto expected = alerts_of({});
  CHECK(!expected.empty());
  for (const char* mode : {"record", "micro-batch:7,1ms", "every:2ms", "batch"})
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      leat::testing::simulation_options options;
      options.seed = seed;
      options.run.batchings.emplace("pane", *leat::any_batching::parse(mode));
      options.run.parallelism = 1 + seed % 4;
      options.run.frames.records = 1 + seed % 10;
      INFO("mode " << mode << ", seed " << seed);
      CHECK(alerts_of(options) == expected);
    }
}
// [end]

// [region crashes]
TEST_CASE("alerts are the same however often the process crashes") {
  const auto expected = alerts_of({});
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const leat::collect<alert> alerts; // shared by all processes
    leat::testing::simulation_options options;
    options.seed = seed;
    options.run.parallelism = 1 + seed % 4;
    options.run.checkpoints.interval = std::chrono::microseconds{200};
    const auto graph = [&] {
      return scoring(from_memory(many_payments(300)), leat::trees<features>(model), alerts);
    };
    INFO("seed " << seed);
    REQUIRE(leat::testing::run_with_crashes(graph, options, 5));
    auto all = alerts.records();
    std::ranges::sort(all, {}, &alert::payment);
    CHECK(all == expected);
  }
}
// [end]

// [region letters]
TEST_CASE("lines that are no payments become dead letters") {
  std::string letters = std::filesystem::temp_directory_path() / "cards-XXXXXX";
  REQUIRE(::mkdtemp(letters.data()) != nullptr);
  leat::dead_letter_file dead_letters(letters);
  leat::run_options options;
  options.dead_letters = &dead_letters;
  const leat::collect<alert> alerts;
  const auto report = leat::run(scoring(leat::csv_source<payment>(folder + "/payments.csv"),
                                        leat::trees<features>(model), alerts),
                                options);
  REQUIRE(report);
  CHECK(report->records() == 14);
  CHECK(report->dead_letters == 1); // "twelve" cents
  CHECK(alerts.records().size() == 2);
  std::filesystem::remove_all(letters);
}
// [end]
