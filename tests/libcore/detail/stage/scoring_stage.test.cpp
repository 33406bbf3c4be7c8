#include <leat/detail/stage/scoring_stage.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/hosted.hpp"

using support::at;
using support::item;

namespace {

// Twice the value; a row with a negative value cannot be scored.
struct doubling final : leat::model<item, double> {
  mutable std::vector<std::pair<std::int64_t, std::size_t>> calls; ///< first row and how many
  void predict(std::span<const item> rows, std::span<double> scores) const override {
    if (rows.size() != scores.size() || rows.empty())
      throw std::logic_error("sizes differ");
    calls.emplace_back(rows[0].number, rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].value < 0)
        throw leat::failure(leat::user_error("a negative value"));
      scores[i] = 2.0 * static_cast<double>(rows[i].value);
    }
  }
};

using scored = leat::scored<item, double>;

struct scoring : support::hosted {
  std::shared_ptr<doubling> m = std::make_shared<doubling>();
  explicit scoring(leat::credit window = {1000, 100'000, 100'000'000},
                   leat::carried_columns carried = leat::all_columns) {
    m->identity = leat::model_ref::intern({"doubling", "abc"});
    edge.credit_limit = window;
    edge.carried = carried;
    REQUIRE(
        open(std::make_unique<leat::scoring_stage<item, double>>(m, support::into_port<scored>())));
  }
};

leat::frame panes_of(const std::vector<item>& records, leat::pane_ends ends) {
  std::vector<leat::stamp> stamps;
  for (const item& i : records)
    stamps.push_back(at(i.number));
  leat::frame f = support::frame_of(records, stamps);
  f.panes = std::move(ends);
  return f;
}

} // namespace

TEST_CASE("only rows that fail alone become dead letters, all others are scored in order") {
  support::for_seeds(200, [](support::dice roll) {
    scoring s(roll.one_of({leat::credit{1, 1, 1}, leat::credit{100, 10'000, 10'000'000}}));
    std::vector<item> wanted, failing;
    std::int64_t number = 0;
    for (int frames = roll(0, 6); frames > 0; --frames) {
      std::vector<item> records;
      leat::pane_ends ends;
      ends.ones = roll(0, 4) == 0;
      for (int n = roll(1, 60); n > 0; --n) {
        records.push_back({0, ++number, roll(-1, 6)});
        (records.back().value < 0 ? failing : wanted).push_back(records.back());
        if (!ends.ones && roll(0, 6) == 0)
          ends.ends.push_back(static_cast<std::uint32_t>(records.size()));
      }
      leat::frame f = panes_of(records, ends);
      const leat::frame shared = roll.coin() ? f : leat::frame{};
      s.consume(std::move(f));
    }
    s.finish();
    std::vector<item> got;
    for (const scored& r : s.sent<scored>()) {
      got.push_back(r.record);
      REQUIRE(r.score == 2.0 * static_cast<double>(r.record.value));
      REQUIRE(r.model->id == "doubling");
    }
    REQUIRE(got == wanted);
    REQUIRE(s.in_order());
    REQUIRE(s.letters.letters.size() == failing.size());
    for (std::size_t i = 0; i < failing.size(); ++i) {
      REQUIRE(s.letters.letters[i].reason == "a negative value");
      REQUIRE(s.letters.letters[i].raw.find("\"number\":" + std::to_string(failing[i].number)) !=
              std::string::npos);
    }
    REQUIRE(s.counters.records_in == static_cast<std::uint64_t>(number));
    REQUIRE(s.counters.records_out == wanted.size());
  });
}

TEST_CASE("a call to the model gets one pane, or a part of a large one") {
  scoring s;
  const auto records = support::numbered(10);
  s.consume(panes_of(records, {false, {3, 4}}));
  CHECK(s.m->calls == std::vector<std::pair<std::int64_t, std::size_t>>{{0, 3}, {3, 1}, {4, 6}});
  s.m->calls.clear();
  s.consume(panes_of(records, {true, {}}));
  CHECK(s.m->calls.size() == 10);
  s.m->calls.clear();
  s.consume(panes_of(support::numbered(2500), {false, {2500}}));
  CHECK(s.m->calls ==
        std::vector<std::pair<std::int64_t, std::size_t>>{{0, 1024}, {1024, 1024}, {2048, 452}});
}

TEST_CASE("what a model throws that is no fault of a row is a fault of the stage") {
  struct broken final : leat::model<item, float> {
    bool outage = false;
    void predict(std::span<const item>, std::span<float>) const override {
      if (outage)
        throw leat::failure(leat::external_error("the service does not answer"));
      throw std::logic_error("out of order");
    }
  };
  for (const bool outage : {false, true}) {
    auto model = std::make_shared<broken>();
    model->outage = outage;
    support::hosted h;
    REQUIRE(h.open(std::make_unique<leat::scoring_stage<item, float>>(
        model, support::into_port<leat::scored<item>>())));
    const leat::frame f = support::frame_of(support::numbered(3));
    if (outage)
      CHECK_THROWS_AS(h.consume(f), leat::failure);
    else
      CHECK_THROWS_AS(h.consume(f), std::logic_error);
    CHECK(h.letters.letters.empty());
  }
}

TEST_CASE("ingest times survive scoring") {
  for (const leat::clock_time first : {100, 0}) { // 0: unknown
    scoring s({1000, 100'000, 100'000'000}, {});
    leat::frame f = panes_of(support::numbered(4), {true, {}});
    f.records->envelopes.note_ingest(0, first);
    f.records->envelopes.note_ingest(2, 200);
    s.consume(std::move(f));
    s.flush();
    std::vector<leat::clock_time> times;
    for (const auto& sent : s.wire.all) {
      if (sent.content.size() == 0)
        continue;
      leat::envelope_cursor cursor(sent.content.records->envelopes, {});
      for (std::size_t i = 0; i < sent.content.size(); ++i)
        times.push_back(cursor.at(i).ingested);
    }
    CHECK(times == std::vector<leat::clock_time>{first, first, 200, 200});
  }
}
