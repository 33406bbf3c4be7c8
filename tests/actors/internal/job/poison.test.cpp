// Records that bring down their stage in every attempt.
#include "support/jobs.hpp"
#include "support/letters.hpp"

using namespace std::chrono_literals;
using support::item;
using support::temporary_folder;

namespace {

constexpr std::int64_t records = 3000;
constexpr std::int64_t bad_for_map = 1200, bad_for_stage = 1900, bad_for_later_map = 2500;

struct brittle {
  using output_type = item;
  leat::value_state<std::int64_t> seen;
  void open(leat::setup& setup) { seen = setup.value<std::int64_t>("seen"); }
  void process(const item& i, leat::emitter<item>& out, leat::context& ctx) {
    ++ctx.edit(seen);
    if (i.number == bad_for_stage)
      throw 7;
    out(i);
  }
};

leat::graph fragile(const temporary_folder& folder) {
  leat::graph g{"fragile"};
  g.from("in", support::numbered_items(records))
      .map("first",
           [](const item& i) {
             if (i.number == bad_for_map)
               throw std::out_of_range("no such place");
             return i;
           })
      .key_by(support::key_of_item)
      .process("brittle", brittle{})
      .filter("last",
              [](const item& i) {
                if (i.number == bad_for_later_map)
                  throw leat::failure(leat::user_error("cannot be"));
                return true;
              })
      .to("out", leat::csv_sink<item>{folder / "out.csv"});
  return g;
}

leat::run_options with_restarts(const temporary_folder& folder, leat::dead_letter_sink& letters) {
  leat::run_options o = support::with_checkpoints(folder / "checkpoints");
  o.checkpoints.interval = 20ms;
  o.restarts.attempts = 20;
  o.restarts.delay = 1ms;
  o.rate = 20'000;
  o.dead_letters = &letters;
  return o;
}

} // namespace

TEST_CASE("a record that brings down its stage again and again becomes a dead letter") {
  for (const std::size_t parallelism : {1, 3}) {
    const temporary_folder folder;
    support::published_letters letters;
    leat::run_options o = with_restarts(folder, letters);
    o.parallelism = parallelism;
    const auto m = leat::run(fragile(folder), o);
    if (!m)
      FAIL(to_string(m.error()));
    CHECK(m->restarts >= 7);
    CHECK(m->dead_letters == 3);
    std::map<std::string, leat::dead_letter> by_cause;
    for (const auto& [id, l] : letters.by_id) {
      CHECK(l.reason.starts_with("poison record: it has brought down its stage "));
      by_cause[l.reason.substr(l.reason.rfind(": ") + 2)] = l;
    }
    REQUIRE(by_cause.size() == 3);
    CHECK(by_cause["no such place"].stage == "in");
    CHECK(by_cause["no such place"].raw == R"({"key":3,"number":1200,"value":0})");
    CHECK(by_cause["an exception that is not a std::exception"].raw ==
          R"({"key":3,"number":1900,"value":0})");
    CHECK(by_cause["cannot be"].stage == "brittle");
    CHECK(support::published_lines(folder / "out.csv").size() == records - 3);
  }
}

TEST_CASE("no record is poison if none is to be, or if the fault is outside") {
  const temporary_folder folder;
  support::published_letters letters;
  leat::run_options o = with_restarts(folder, letters);
  o.restarts.poison_after = 0;
  CHECK_FALSE(leat::run(fragile(folder), o));
  CHECK(letters.count() == 0);

  const temporary_folder other;
  leat::graph g{"outside"};
  g.from("in", leat::generate([](std::uint64_t) { return item{}; }, 10))
      .map("ask",
           [](const item& i) {
             throw leat::failure(leat::external_error("the server does not answer"));
             return i;
           })
      .to("out", leat::csv_sink<item>{other / "out.csv"});
  CHECK_FALSE(leat::run(std::move(g), with_restarts(other, letters)));
  CHECK(letters.count() == 0);
}
