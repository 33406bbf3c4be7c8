#include <leat/internal/runtime/given_commands.hpp>

#include "support/dice.hpp"

using namespace leat;

namespace {

command named(std::size_t number) {
  command c;
  c.verb = std::to_string(number);
  return c;
}

struct given {
  given_commands all;
  std::vector<std::future<result<void>>> outcomes;

  void give() {
    const auto outcome = std::make_shared<command_outcome>();
    outcomes.push_back(outcome->get_future());
    all.give(named(outcomes.size() - 1), outcome);
  }
};

} // namespace

TEST_CASE("commands leave in their order, each with the answers of those who were asked") {
  support::for_seeds(300, [](support::dice roll) {
    given g;
    std::size_t taken = 0;
    for (int step = 0; step < 60; ++step) {
      if (roll.coin())
        g.give();
      const command* const first = g.all.unasked();
      if (!first)
        continue;
      CHECK(first->verb == std::to_string(taken));
      std::set<std::size_t> asked;
      for (std::size_t i = 0, n = roll.size(0, 4); i < n; ++i)
        asked.insert(roll.size(0, 9));
      g.all.asked(asked);
      CHECK(!g.all.unasked());
      std::vector<std::size_t> prepared;
      std::optional<std::string> refused;
      while (!asked.empty()) {
        CHECK(!g.all.first_is_answered());
        const std::size_t from = roll.size(0, 9);
        const int how = roll(0, 2);
        const bool counts = asked.erase(from) > 0;
        if (how == 0) {
          CHECK(g.all.ended(from) == counts);
        } else if (how == 1) {
          CHECK(g.all.answered(from, {}) == counts);
          if (counts)
            prepared.push_back(from);
        } else {
          CHECK(g.all.answered(from, user_error(std::to_string(from))) == counts);
          if (counts && !refused)
            refused = std::to_string(from);
        }
      }
      REQUIRE(g.all.first_is_answered());
      const answered_command done = g.all.take_first();
      CHECK(done.what.verb == std::to_string(taken++));
      CHECK(done.prepared == prepared);
      CHECK((done.refusal ? std::optional(done.refusal->what) : std::nullopt) == refused);
    }
  });
}

TEST_CASE("commands that are refused all learn why, and no answer is awaited any more") {
  given g;
  g.give();
  g.give();
  g.all.asked({3});
  g.all.refuse_all(user_error("over"));
  CHECK(g.all.empty());
  CHECK(!g.all.answered(3, {}));
  for (auto& outcome : g.outcomes)
    CHECK(outcome.get().error().what == "over");
  g.give();
  REQUIRE(g.all.unasked());
  CHECK(g.all.unasked()->verb == "2");
}
