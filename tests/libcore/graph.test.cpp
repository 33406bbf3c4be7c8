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

struct remote : support::by_value {
  static constexpr bool blocking = true;
};

leat::graph fraud_like() {
  leat::graph g{"fraud"};
  auto cards = g.from("payments", none(),
                      leat::event_time_by{[](const item&) { return leat::event_time{}; }})
                   .filter("settled", all)
                   .map("clean", same)
                   .key_by(support::key_of_item)
                   .process("cards", support::chained_hash{});
  cards.window("pane", leat::micro_batch{256, 5ms})
      .score("risk", support::by_value{})
      .map("plain", support::record_of)
      .to("alerts", support::discard{});
  cards.rebalance("spread", 2).to("copy", support::discard{}, {2, leat::order::by_arrival});
  return g;
}

} // namespace

TEST_CASE("a graph is described as text") {
  auto g = fraud_like();
  CHECK(g.validate().empty());
  CHECK(g.plan().describe_text(4) ==
        R"(graph fraud
  source   payments: 1 subtask
           -> cards (item by key, after filter settled, map clean)
  process  cards: 4 subtasks
           -> pane (item forward)
           -> spread (item rebalance)
  window   pane: 4 subtasks, micro-batch:256,5ms
           -> risk (item forward)
  score    risk: 4 subtasks
           -> alerts (item forward, after map plain)
  sink     alerts: 1 subtask
  merge    spread: 2 subtasks
           -> copy (item rebalance)
  sink     copy: 2 subtasks
)");
}

TEST_CASE("a graph is described as a Mermaid flowchart") {
  auto g = fraud_like();
  CHECK(g.plan().describe_mermaid(4) == R"(flowchart LR
  s0["payments<br/>source"]
  s1["cards<br/>process ×4"]
  s2["pane<br/>window micro-batch:256,5ms ×4"]
  s3["risk<br/>score ×4"]
  s4["alerts<br/>sink"]
  s5["spread<br/>merge ×2"]
  s6["copy<br/>sink ×2"]
  s0 -->|"filter settled, map clean: item"| s1
  s1 -->|"item"| s2
  s2 -->|"item"| s3
  s3 -->|"map plain: item"| s4
  s1 -->|"item"| s5
  s5 -->|"item"| s6
)");
  leat::graph quoted{"q"};
  quoted.from("say \"hi\"", none()).to("k", support::discard{});
  CHECK(quoted.plan().describe_mermaid(1).find("s0[\"say &quot;hi&quot;<br/>source\"]") !=
        std::string::npos);
}

TEST_CASE("a graph is described in Graphviz's language") {
  auto g = fraud_like();
  CHECK(g.plan().describe_dot(4) == R"(digraph "fraud" {
  rankdir=LR;
  node [shape=box];
  s0 [label="payments\nsource"];
  s1 [label="cards\nprocess ×4"];
  s2 [label="pane\nwindow micro-batch:256,5ms ×4"];
  s3 [label="risk\nscore ×4"];
  s4 [label="alerts\nsink"];
  s5 [label="spread\nmerge ×2"];
  s6 [label="copy\nsink ×2"];
  s0 -> s1 [label="filter settled, map clean: item"];
  s1 -> s2 [label="item"];
  s2 -> s3 [label="item"];
  s3 -> s4 [label="map plain: item"];
  s1 -> s5 [label="item"];
  s5 -> s6 [label="item"];
}
)");
  leat::graph quoted{"q"};
  quoted.from("say \"hi\\", none()).to("k", support::discard{});
  CHECK(quoted.plan().describe_dot(1).find(R"(s0 [label="say \"hi\\\nsource"])") !=
        std::string::npos);
}

TEST_CASE("a graph is described as JSON") {
  leat::graph g{"say \"hi\""};
  g.from("a", none())
      .filter("some", all)
      .window("b", leat::batch{})
      .score("c", support::by_value{})
      .to("d", support::discard{});
  CHECK(g.plan().describe_json(3) == R"({"schema":1,"graph":"say \"hi\"","stages":[
  {"name":"a","kind":"source","parallelism":1,"batching":null,"own_thread":false,"publishes_as_it_goes":false,"in_stamp_order":false},
  {"name":"b","kind":"window","parallelism":1,"batching":"batch","own_thread":false,"publishes_as_it_goes":false,"in_stamp_order":false},
  {"name":"c","kind":"score","parallelism":1,"batching":null,"own_thread":false,"publishes_as_it_goes":false,"in_stamp_order":false},
  {"name":"d","kind":"sink","parallelism":1,"batching":null,"own_thread":false,"publishes_as_it_goes":false,"in_stamp_order":false}],
"edges":[
  {"from":"a","to":"b","record":"item","routing":"forward","stamped":false,"steps":["filter some"]},
  {"from":"b","to":"c","record":"item","routing":"forward","stamped":false,"steps":[]},
  {"from":"c","to":"d","record":"scored<item>","routing":"forward","stamped":false,"steps":[]}]}
)");
}

TEST_CASE("validate tells all faults at once") {
  leat::graph g{"wrong"};
  auto s = g.from("in", none());
  (void)s.map("unused", same);
  s.to("out", support::discard{});
  s.to("out", support::discard{});
  s.filter("f", all).to("", support::discard{});
  (void)s.key_by(support::key_of_item).process("p", support::chained_hash{}, {500});
  (void)s.window("pane", leat::batch{});
  const auto found = faults(g);
  const std::vector<std::string> wanted{
      "two stages are called \"out\"",
      "a sink stage has no name",
      "stage \"p\": parallelism 500 exceeds the maximum of 128",
      "the stream after map unused leads nowhere",
      "the output of stage \"p\" leads nowhere",
      "windowing stage \"pane\" leads nowhere",
  };
  CHECK(found == wanted);

  leat::graph empty{"empty"};
  CHECK(faults(empty) == std::vector<std::string>{"graph \"empty\" has no stages"});
}

TEST_CASE("side outputs are asked for once, and of operators") {
  leat::graph g{"sides"};
  auto s = g.from("in", none());
  s.side<item>("x").to("a", support::discard{});
  auto p = s.key_by(support::key_of_item).process("p", support::chained_hash{});
  p.side<item>("y").to("b", support::discard{});
  p.side<item>("y").to("c", support::discard{});
  (void)p.side<item>("z");
  p.to("d", support::discard{});
  CHECK(faults(g) == std::vector<std::string>{"stage \"in\" has no side outputs",
                                              "side output \"y\" of \"p\" is asked for twice",
                                              "side output \"z\" of \"p\" leads nowhere"});
}

TEST_CASE("a named handle may be used several times, also a copy of it") {
  leat::graph g{"forks"};
  auto s = g.from("in", none()).map("a", same);
  auto t = s;
  s.to("1", support::discard{});
  t.to("2", support::discard{});
  std::move(t).map("b", same).to("3", support::discard{});
  s.merge("m", s.filter("c", all)).to("4", support::discard{});
  CHECK(faults(g).empty());
  const auto& p = g.plan();
  CHECK(p.edges.size() == 6);
  for (const auto& e : p.edges)
    if (p.stages[e.to].name != "4")
      CHECK(e.steps.front() == "map a");
}

TEST_CASE("parallelism follows from the run and the neighbours") {
  auto g = fraud_like();
  const auto r = g.plan().resolve(3);
  std::vector<std::size_t> n;
  for (const auto& s : r.stages)
    n.push_back(s.parallelism);
  CHECK(n == std::vector<std::size_t>{1, 3, 3, 3, 1, 2, 2});
}

TEST_CASE("streams of two graphs do not merge") {
  leat::graph a{"a"}, b{"b"};
  a.from("in", none()).merge("m", b.from("other", none())).to("out", support::discard{});
  CHECK(faults(a) == std::vector<std::string>{"\"m\" merges streams of two graphs"});
}

TEST_CASE("several graphs live side by side") {
  leat::graph a{"a"}, b{"b"};
  a.from("in", none()).to("out", support::discard{});
  b.from("in", none()).to("out", support::discard{});
  CHECK(a.validate().empty());
  CHECK(b.plan().stages.size() == 2);
  CHECK(a.name() == "a");
}

TEST_CASE("a model that may wait gets a thread") {
  leat::graph g{"remote"};
  const auto in = g.from("in", none());
  in.window("a", leat::batch{}).score("here", support::by_value{}).to("x", support::discard{});
  in.window("b", leat::batch{}).score("there", remote{}).to("y", support::discard{});
  for (const leat::plan_stage& s : g.plan().stages)
    CHECK(s.blocking == (s.name == "there"));
}

TEST_CASE("batchings are replaced by stage, and stages that are none are told") {
  leat::graph g = fraud_like();
  leat::plan& p = g.plan();
  CHECK(p.set_batching({{"pane", leat::batch{}}}).empty());
  CHECK((*p.find_batching("pane"))->batching->text() == "batch");
  const auto faults = p.set_batching({{"pan", leat::batch{}}, {"risk", leat::batch{}}});
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].what == "there is no windowing stage \"pan\"");
  CHECK(faults[0].hint == "windowing stages of this graph: pane");
  CHECK(faults[1].what == "there is no windowing stage \"risk\"");
  CHECK(leat::plan{}.find_sink("out").error().hint == "sink stages of this graph: none");
}

TEST_CASE("a kind of stage that nobody has heard of is its traits, and nothing else") {
  const auto with_kinds = [](leat::stage_kind middle, leat::stage_kind after) {
    leat::plan p;
    p.name = "joined";
    for (const auto& [name, kind] :
         {std::pair{"left", leat::kinds::source}, std::pair{"right", leat::kinds::source},
          std::pair{"both", middle}, std::pair{"after", after},
          std::pair{"out", leat::kinds::sink}}) {
      leat::plan_stage s;
      s.name = name;
      s.kind = kind;
      p.stages.push_back(std::move(s));
    }
    p.stages[2].order = leat::order::by_stamp;
    p.edges = {{0, 2, leat::routing::hash, "item", {}, nullptr, {0}},
               {1, 2, leat::routing::hash, "item", {}, nullptr, {0}},
               {2, 3, leat::routing::forward, "item", {}, nullptr, {0}},
               {3, 4, leat::routing::forward, "item", {}, nullptr, {0}}};
    return p;
  };
  const leat::stage_kind join{
      .name = "join", .runs_user_code = true, .takes_parallelism_of_producer = true};
  const leat::stage_kind scan{.name = "scan", .takes_parallelism_of_producer = true};
  const leat::plan known = with_kinds(leat::kinds::actor, leat::kinds::scoring);
  const leat::plan fresh = with_kinds(join, scan);
  for (const std::size_t parallelism : {1U, 3U}) {
    const auto a = known.resolve(parallelism), b = fresh.resolve(parallelism);
    for (std::size_t i = 0; i < a.stages.size(); ++i) {
      CHECK(a.stages[i].parallelism == b.stages[i].parallelism);
      CHECK(a.stages[i].ordered == b.stages[i].ordered);
      CHECK(a.stages[i].wants_order == b.stages[i].wants_order);
    }
    CHECK(b.stages[3].parallelism == parallelism);
    CHECK(b.stages[2].ordered);
  }
  CHECK(with_kinds(join, {.name = "funnel"}).resolve(3).stages[3].parallelism == 1);
  CHECK(fresh.describe_text(1).find("  join     both: 1 subtask") != std::string::npos);
  CHECK(fresh.describe_json(1).find("\"kind\":\"scan\"") != std::string::npos);
}

TEST_CASE("a command is for the stages that take its verb") {
  leat::graph g = fraud_like();
  const leat::plan& p = g.plan();
  const auto refusal = [&](std::string stage, std::string verb) {
    const auto taken = p.check({std::move(stage), std::move(verb), "whatever"});
    return taken ? std::string{} : taken.error().what + ": " + taken.error().hint;
  };
  const std::string source = p.stages.front().name;
  CHECK(refusal("pane", "batching") == "");
  CHECK(refusal("", "batching") == "");
  CHECK(refusal("", "stop") == "");
  CHECK(refusal(source, "stop") == "");
  CHECK(refusal("pane", "stop") == "stage \"pane\" has no command \"stop\": it takes: batching");
  CHECK(refusal("risk", "batching") ==
        "stage \"risk\" has no command \"batching\": it takes no commands");
  CHECK(refusal("", "model") == "the job has no command \"model\": it takes: batching, stop");
  CHECK(refusal("pan", "batching") ==
        "there is no stage \"pan\": stages that take \"batching\": pane");
}
