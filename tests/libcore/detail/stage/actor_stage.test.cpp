#include <leat/detail/stage/actor_stage.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/hosted.hpp"

using support::at;
using support::item;
using stage_of_items = leat::actor_stage<item, item>;

namespace {

// Passes items on, pauses at some, and says goodbye.
struct passing final : leat::record_handler<item, item> {
  std::int64_t pause_at = 0; // numbers divisible by it
  std::vector<std::int64_t> paused_at;

  void process_stretch(stage_of_items& stage, leat::frame& f, std::size_t& next,
                       std::size_t end) override {
    stage.each(f, next, end, [&](const item& i, leat::emitter<item>& out) {
      if (pause_at == 0 || i.number % pause_at != 0)
        return out(i);
      stage.pause();
      paused_at.push_back(i.number);
    });
  }
  void end_of_input(leat::emitter<item>& out) override { out({-1, -1, -1}); }
};

struct rejecting final : leat::record_handler<item, item> {
  void process_stretch(stage_of_items& stage, leat::frame& f, std::size_t& next,
                       std::size_t end) override {
    stage.each(f, next, end, [](const item& i, leat::emitter<item>& out) -> leat::result<void> {
      if (i.number % 2 == 0)
        return leat::user_error("even");
      out(i);
      return {};
    });
  }
  void end_of_input(leat::emitter<item>&) override {}
};

leat::result<void> open(support::hosted& h, leat::record_handler<item, item>& handler) {
  auto stage = std::make_unique<stage_of_items>(support::into_port<item>());
  stage->bind(handler);
  return h.open(std::move(stage));
}

} // namespace

TEST_CASE("an actor's stage: what it emits of its own stands behind all that was promised") {
  support::for_seeds(300, [](support::dice roll) {
    support::hosted h;
    h.edge.credit_limit = {roll(1, 4), roll(1, 30), 1'000'000};
    h.edge.limits.records = roll.size(1, 10);
    passing handler;
    handler.pause_at = roll(0, 5);
    REQUIRE(static_cast<bool>(open(h, handler)));
    auto& stage = static_cast<stage_of_items&>(*h.stage);
    std::vector<item> wanted;
    std::int64_t next = 1;
    std::int64_t own = 1000;
    const auto emit_own = [&] {
      stage.emit({1, own, 0});
      wanted.push_back({1, own++, 0});
      if (roll.coin())
        stage.wake();
    };
    // What a paused actor does, until it goes on.
    const auto answer = [&](std::int64_t number) {
      while (roll.coin())
        emit_own();
      stage.emit({2, number, 0});
      wanted.push_back({2, number, 0});
      stage.unpause();
    };
    for (int steps = roll(0, 60); steps > 0; --steps) {
      switch (roll(0, 4)) {
      case 0:
        h.flush();
        break;
      case 1: {
        leat::mark m = support::mark_at(at(next - 1), roll.coin());
        if (roll.coin()) // as sources promise: the record and all that may descend from it
          m.progress.path = leat::stamp_path::last();
        h.stage->advance(m);
        break;
      }
      case 2:
        emit_own();
        break;
      default:
        leat::frame f = support::items_from(next, roll(1, 20));
        for (std::size_t i = 0, size = f.size(); i < size;) {
          const std::size_t first = i;
          stage.consume(0, f, i, size);
          for (std::size_t done = first; done < i; ++done, ++next)
            if (handler.pause_at == 0 || next % handler.pause_at != 0)
              wanted.push_back({0, next, 0});
          if (!handler.paused_at.empty()) {
            REQUIRE(handler.paused_at == std::vector<std::int64_t>{next - 1});
            REQUIRE(stage.blocked());
            handler.paused_at.clear();
            answer(next - 1);
          }
          h.unblock();
        }
      }
      h.unblock();
    }
    h.finish();
    wanted.push_back({-1, -1, -1});
    REQUIRE(h.in_order());
    REQUIRE(h.sent<item>() == wanted);
    REQUIRE(h.promised() == leat::end_mark);
    REQUIRE(h.counters.records_in == static_cast<std::uint64_t>(next - 1));
    REQUIRE(h.counters.records_out == wanted.size());
  });
}

TEST_CASE("an actor's stage: what it returns a user error for becomes a dead letter") {
  support::hosted h;
  rejecting handler;
  REQUIRE(static_cast<bool>(open(h, handler)));
  h.consume(support::items_from(1, 4));
  h.finish();
  CHECK(h.sent<item>() == std::vector<item>{{0, 1, 0}, {0, 3, 0}});
  REQUIRE(h.letters.letters.size() == 2);
  CHECK(h.letters.letters[0].reason == "even");
  CHECK(h.letters.letters[0].stage == "stage");
}

TEST_CASE("an actor's stage: paused at its last record it does not end") {
  support::hosted h;
  passing handler;
  handler.pause_at = 3;
  REQUIRE(static_cast<bool>(open(h, handler)));
  auto& stage = static_cast<stage_of_items&>(*h.stage);
  leat::frame f = support::items_from(1, 3);
  std::size_t next = 0;
  stage.consume(0, f, next, 3);
  CHECK(next == 3);
  CHECK(stage.blocked());
  stage.unpause();
  CHECK_FALSE(stage.blocked());
}

TEST_CASE("an actor's stage: what it emits while its input is idle holds nobody up") {
  support::hosted h;
  passing handler;
  REQUIRE(static_cast<bool>(open(h, handler)));
  auto& stage = static_cast<stage_of_items&>(*h.stage);
  stage.advance(support::mark_at(at(5), true));
  h.flush();
  REQUIRE(h.promised().idle);
  stage.emit({1, 1, 1});
  h.flush();
  REQUIRE(h.stamps() == std::vector{at(5)}); // what was promised last is the present position
  CHECK(h.promised().idle);
  CHECK(h.in_order());
}

TEST_CASE(
    "an actor's stage: what it says at the end stands behind all records, whatever the marks") {
  support::hosted h;
  passing handler;
  REQUIRE(static_cast<bool>(open(h, handler)));
  h.consume(support::items_from(1, 1));
  h.stage->advance({leat::end_of(leat::from_micros(7)), false, false});
  h.finish();
  REQUIRE(h.sent<item>().size() == 2);
  CHECK(h.stamps().back() > leat::end_of(leat::from_micros(7)));
  CHECK(h.stamps().back() < leat::end_of_stamps);
}
