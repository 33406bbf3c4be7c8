#include <leat/detail/plan/plan.hpp>
#include <leat/graph.hpp>

#include "support/catch.hpp"
#include "support/graphs.hpp"

using support::all;
using support::faults;
using support::item;
using support::none;
using support::same;
using namespace std::chrono_literals;

namespace {

struct no_codec {};

struct ephemeral {
  using record_type = no_codec;
  leat::pull_status pull(std::size_t, leat::emitter<no_codec>&) {
    return leat::pull_status::done();
  }
};

struct ephemeral_splits {
  using record_type = no_codec;
  std::vector<ephemeral> splits() const { return {{}}; }
};

struct perhaps_a_pipe : support::given_splits<item> {
  bool pipe = false;
  bool replayable() const { return !pipe; }
};

struct live_splits : support::given_splits<item> {
  static constexpr bool live = true;
};

} // namespace

TEST_CASE("the plan knows which sources can be replayed") {
  using enum leat::source_delivery;
  const auto delivery_of = [](auto source) {
    leat::graph g{"g"};
    g.from("in", source).to("out", support::discard{});
    return g.plan().stages.front().kind.delivery;
  };
  CHECK(delivery_of(none()) == replayable);
  CHECK(delivery_of(support::given_splits<item>{}) == replayable);
  CHECK(delivery_of(perhaps_a_pipe{}) == replayable);
  CHECK(delivery_of(perhaps_a_pipe{{}, true}) == ephemeral);
  CHECK(delivery_of(::ephemeral{}) == ephemeral);
}

TEST_CASE("records that a stage may hold and that have no codec are told before a run") {
  leat::graph g{"g"};
  g.from("one", ephemeral{}).to("first", support::discard{});
  g.from("many", ephemeral_splits{}).to("second", support::discard{});
  auto spread = g.from("items", none()).rebalance("spread", 2);
  spread.map("bare", [](const item&) { return no_codec{}; })
      .to("third", support::discard{}, {1, leat::order::by_stamp});
  spread.to("fourth", support::discard{}, {1, leat::order::by_stamp});
  std::vector<std::string> told;
  for (const leat::error& e : g.plan().check_saving(1))
    told.push_back(e.what);
  REQUIRE(told.size() == 2);
  CHECK(told[0].ends_with("no_codec that source \"many\" reads ahead cannot be saved"));
  CHECK(told[1].ends_with("no_codec that \"third\" merges cannot be saved"));
}

TEST_CASE("stamps are carried, and promises made, only where somebody needs them") {
  leat::graph plain{"plain"};
  plain.from("in", none())
      .window("w", leat::batch{})
      .score("m", support::by_value{})
      .to("out", support::discard{});
  for (const auto& e : plain.plan().resolve(4).edges)
    CHECK_FALSE(e.carried.stamps);

  const auto two_shuffles = [](leat::order second) {
    leat::graph g{"shuffles"};
    g.from("in", none())
        .key_by(support::key_of_item)
        .process("p", support::chained_hash{})
        .key_by(support::number_of_item)
        .process("q", support::chained_hash{}, {0, second})
        .to("out", support::discard{});
    return g;
  };
  auto g = two_shuffles(leat::order::by_stamp);
  const auto one = g.plan().resolve(1), four = g.plan().resolve(4);
  CHECK_FALSE(one.edges[1].carried.stamps); // one channel is in order by itself
  CHECK_FALSE(one.stages[2].ordered);
  CHECK(four.edges[0].carried.stamps);
  CHECK(four.edges[1].carried.stamps);
  CHECK(four.stages[2].ordered);
  CHECK_FALSE(four.stages[1].ordered);
  CHECK_FALSE(four.edges[2].carried.stamps);
  CHECK_FALSE(two_shuffles(leat::order::by_arrival).plan().resolve(4).stages[2].ordered);
}

TEST_CASE("branches are numbered where they meet again, and nowhere else") {
  using ways = std::set<leat::branch_way>;
  leat::graph g{"forks"};
  auto s = g.from("in", none()).map("a", same);
  s.to("apart", support::discard{});
  auto hashed = s.key_by(support::key_of_item).process("p", support::chained_hash{});
  auto inner = s.filter("b", all);
  inner.to("also apart", support::discard{});
  auto met = inner.map("c", same).merge("m", std::move(hashed));
  auto q = std::move(met).key_by(support::key_of_item).process("q", support::chained_hash{});
  auto side = q.side<item>("side");
  side.to("side", support::discard{});
  q.merge("n", side.map("d", same)).to("out", support::discard{});
  REQUIRE(faults(g).empty());
  const leat::plan& p = g.plan();
  // All goes through the fork behind "a": 0 apart, 1 p, 2 a fork whose second branch goes to m.
  CHECK(p.stages[0].meeting == ways{{0, 0, 1}, {0, 0, 2}});
  CHECK(p.stages[0].number_of({0, 0, 2}) == 2u);
  CHECK_FALSE(p.stages[0].number_of({0, 0, 0}));
  for (const leat::plan_stage& stage : p.stages)
    if (stage.name == "q")
      CHECK(stage.meeting == ways{{0}, {1}}); // the outputs
    else if (stage.name != "in")
      CHECK(stage.meeting.empty());
}

TEST_CASE("an operator that takes an event_context gets stamps whatever the parallelism") {
  struct watching {
    using output_type = item;
    void process(const item& i, leat::emitter<item>& out, leat::event_context&) { out(i); }
  };
  using std::chrono::microseconds;
  const auto time_of = [](const item&) { return leat::event_time{}; };
  const auto graph = [&](leat::order order) {
    leat::graph g{"watching"};
    auto a = g.from("a", none(), leat::event_time_by{time_of, microseconds{5}});
    auto b = g.from("b", none(), leat::event_time_by{time_of, microseconds{7}});
    a.merge("m", std::move(b))
        .key_by(support::key_of_item)
        .process("w", watching{}, {0, order})
        .key_by(support::key_of_item)
        .process("p", support::chained_hash{})
        .to("out", support::discard{});
    return g;
  };
  auto g = graph(leat::order::by_stamp);
  REQUIRE(faults(g).empty());
  const auto one = g.plan().resolve(1);
  CHECK(one.edges[2].carried.stamps);       // into w
  CHECK_FALSE(one.edges[3].carried.stamps); // out of it
  CHECK(one.stages[0].out_of_order == microseconds{5});
  CHECK(one.stages[3].out_of_order == microseconds{7});
  auto wrong = graph(leat::order::by_arrival);
  CHECK(faults(wrong) == std::vector<std::string>{
                             "\"w\" takes a leat::event_context, but its records by arrival: what "
                             "it reads would differ between runs"});
}

TEST_CASE("sources with a max_drift are kept together if their streams meet") {
  using std::chrono::microseconds;
  const auto time_of = [](const item&) { return leat::event_time{}; };
  const auto drifting = [&](std::int64_t drift) {
    return leat::event_time_by{time_of, microseconds{0}, std::chrono::seconds{1},
                               microseconds{drift}};
  };
  leat::graph g{"aligned"};
  auto a = g.from("a", none(), drifting(5));
  auto b = g.from("b", none(), drifting(7));
  auto c = g.from("c", none(), leat::event_time_by{time_of});
  auto d = g.from("d", none(), drifting(1));
  auto e = g.from("e", none(), drifting(2));
  auto c_and_a = c.merge("c and a", a);
  std::move(c_and_a).merge("and d", d.filter("some", all)).to("out", support::discard{});
  b.merge("b and d", d.filter("others", all)).to("more", support::discard{});
  e.to("alone", support::discard{});
  REQUIRE(faults(g).empty());
  CHECK(g.plan().aligned_sources() == std::vector<std::vector<std::size_t>>{{0, 1, 3}, {4}});
}

TEST_CASE("durations of event time below zero are refused") {
  using std::chrono::microseconds;
  const auto time_of = [](const item&) { return leat::event_time{}; };
  leat::graph g{"negative"};
  g.from("a", none(), leat::event_time_by{time_of, microseconds{-1}}).to("x", support::discard{});
  g.from("b", none(),
         leat::event_time_by{time_of, microseconds{0}, std::chrono::seconds{1}, microseconds{-5}})
      .to("y", support::discard{});
  g.from("c", none(), leat::watermarks_by{time_of, time_of, microseconds{-1}})
      .to("z", support::discard{});
  CHECK(faults(g) == std::vector<std::string>{"source \"a\": out_of_order or bound is negative",
                                              "source \"b\": max_drift is negative",
                                              "source \"c\": out_of_order or bound is negative"});
}

TEST_CASE("parallelism alone does not make a sink depend on order") {
  leat::graph g{"sinks"};
  auto s = g.from("in", none());
  s.to("one", support::discard{});
  s.to("four", support::discard{}, {.parallelism = 4});
  const auto r = g.plan().resolve(4);
  for (const auto& stage : r.stages)
    CHECK_FALSE(stage.wants_order);
  s.to("ordered", support::discard{}, {.order = leat::order::by_stamp});
  CHECK(g.plan().resolve(4).stages[0].wants_order);
}

TEST_CASE("sources that would starve each other in a merge by stamp are refused") {
  const leat::event_time_by timed{[](const item&) { return leat::event_time{}; }};
  const auto merged = [&](auto first, auto second, leat::order order) {
    leat::graph g{"merged"};
    auto a = g.from("a", none(), first);
    auto b = g.from("b", none(), second);
    // A fork that meets again is one source, and may be merged with another all the same.
    a.filter("x", all)
        .merge("one", a.filter("y", all))
        .merge("two", std::move(b))
        .merge("three", a.map("z", same))
        .key_by(support::key_of_item)
        .process("p", support::chained_hash{}, {0, order})
        .to("out", support::discard{});
    return faults(g);
  };
  const leat::no_event_time untimed;
  using faults_told = std::vector<std::string>;
  CHECK(merged(timed, timed, leat::order::by_stamp).empty());
  CHECK(merged(untimed, untimed, leat::order::by_arrival).empty());
  CHECK(merged(timed, untimed, leat::order::by_stamp) ==
        faults_told{"\"two\" merges the sources \"a\", \"b\" in stamp order, but \"b\" has no "
                    "event time: one of them would starve the others"});
  CHECK(merged(untimed, untimed, leat::order::by_stamp).size() == 1); // once, not at each stage

  const auto split = [&](auto times, std::size_t splits, leat::order order) {
    leat::graph g{"live"};
    live_splits source;
    source.all.resize(splits);
    g.from("feeds", source, times)
        .key_by(support::key_of_item)
        .process("p", support::chained_hash{}, {0, order})
        .to("out", support::discard{});
    return faults(g);
  };
  CHECK(split(timed, 3, leat::order::by_stamp).empty());
  CHECK(split(untimed, 3, leat::order::by_arrival).empty());
  CHECK(split(untimed, 1, leat::order::by_stamp).empty());
  CHECK(
      split(untimed, 3, leat::order::by_stamp) ==
      faults_told{"\"p\" takes 3 live splits of source \"feeds\" in stamp order, but they have no "
                  "event time: the first would starve the others"});

  leat::graph files{"files"}; // several that end: one after the other
  support::given_splits<item> several;
  several.all.resize(4);
  files.from("in", several)
      .rebalance("spread")
      .key_by(support::key_of_item)
      .process("p", support::chained_hash{})
      .to("out", support::discard{});
  CHECK(files.validate().empty());
}

TEST_CASE("order that one stage gives up, no stage behind it waits for") {
  leat::graph g{"given up"};
  g.from("in", none())
      .key_by(support::key_of_item)
      .process("p", support::chained_hash{})
      .key_by(support::number_of_item)
      .process("q", support::chained_hash{}, {0, leat::order::by_arrival})
      .key_by(support::key_of_item)
      .process("r", support::chained_hash{})
      .to("out", support::discard{});
  const auto one = g.plan().resolve(1), four = g.plan().resolve(4);
  for (const auto& r : {one, four})
    for (std::size_t i = 0; i < r.stages.size(); ++i) {
      INFO(i);
      CHECK_FALSE(r.stages[i].ordered); // at 1 there is only one channel
    }
  for (const auto& e : four.edges)
    CHECK_FALSE(e.carried.stamps);
}

TEST_CASE("an operator that reads stamps is refused behind a stage that gives up order") {
  struct reading {
    using output_type = item;
    void process(const item& i, leat::emitter<item>& out, leat::event_context& ctx) {
      out({i.key, i.number, static_cast<std::int64_t>(ctx.at().position)});
    }
  };
  leat::graph g{"given up"};
  g.from("in", none())
      .rebalance("spread", 3)
      .key_by(support::key_of_item)
      .process("quick", support::chained_hash{}, {0, leat::order::by_arrival})
      .key_by(support::key_of_item)
      .process("reading", reading{})
      .to("out", support::discard{});
  const auto faults = g.validate();
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].what ==
        "\"reading\" takes a leat::event_context, but \"quick\" before it gives up "
        "the order of records: what it reads would differ between runs");
}
