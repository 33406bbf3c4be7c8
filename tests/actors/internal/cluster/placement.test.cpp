#include <leat/internal/cluster/placement.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

#include <leat/graph.hpp>

#include <rapidcheck/catch.h>

namespace {

leat::graph keyed_twice(std::string name = "g") {
  leat::graph g{std::move(name)};
  g.from("in", support::given<support::item>{})
      .key_by(support::key_of_item)
      .process("first", support::chained_hash{})
      .key_by(support::key_of_item)
      .process("second", support::chained_hash{})
      .rebalance("one", 1)
      .to("out", support::discard{});
  return g;
}

struct at_home : support::discard {
  static constexpr bool at_coordinator = true;
};

using node_list = std::vector<std::size_t>;

leat::result<node_list> placed(leat::graph g, std::size_t parallelism,
                               const std::vector<leat::node_description>& nodes,
                               const leat::placement_rules& rules = {}) {
  return leat::place(g.plan(), g.plan().resolve(parallelism), nodes, rules);
}

node_list placed(leat::graph g, std::size_t parallelism, std::size_t workers) {
  return *placed(std::move(g), parallelism, leat::local_nodes(workers));
}

/// A source and a sink with files.
struct from_file : support::given<support::item> {
  std::vector<leat::file_use> inputs() const { return {{"in.csv"}}; }
};
struct to_files : support::discard {
  std::vector<leat::file_use> targets(const leat::sink_context& place) const {
    std::vector<leat::file_use> all;
    for (std::size_t i = 0; i < place.subtasks; ++i)
      all.push_back({"out.csv-" + std::to_string(i)});
    return all;
  }
};
struct to_table : support::discard {
  std::vector<leat::file_use> targets(const leat::sink_context&) const {
    return {{"out.db", true}};
  }
};
struct to_folder : support::discard {
  std::vector<leat::file_use> targets(const leat::sink_context&) const {
    return {{.path = "out.csv", .folder = true}};
  }
};

template <class Sink>
leat::graph with_files(Sink sink, std::size_t sinks = 1) {
  leat::graph g{"files"};
  g.from("in", from_file{})
      .key_by(support::key_of_item)
      .process("sum", support::chained_hash{})
      .to("out", std::move(sink), {.parallelism = sinks});
  return g;
}

/// Forward all the way, but for the way to "sum".
leat::graph in_a_row() {
  leat::graph g{"row"};
  g.from("in", support::given<support::item>{})
      .key_by(support::key_of_item)
      .process("sum", support::chained_hash{})
      .window("pane", leat::batch{})
      .score("risk", support::by_value{})
      .to("out", support::discard{});
  return g;
}

const std::vector<leat::node_description> three_hosts = {
    {"a", 1, {"edge"}}, {"b", 2, {"gpu"}}, {"c", 1, {"gpu"}}};

} // namespace

TEST_CASE("subtasks are spread evenly, and single ones stand with who feeds them") {
  //                                       in  first     second    one  out
  CHECK(placed(keyed_twice(), 3, 3) == node_list{1, 1, 2, 3, 1, 2, 3, 2, 2});
  CHECK(placed(keyed_twice(), 4, 2) == node_list{1, 1, 1, 2, 2, 1, 1, 2, 2, 2, 2});
  CHECK(placed(keyed_twice(), 2, 1) == node_list{1, 1, 1, 1, 1, 1, 1});
  CHECK(placed(keyed_twice(), 2, 0) == node_list{0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("a node knows which stages are its own") {
  auto g = keyed_twice();
  const auto resolved = g.plan().resolve(3);
  const auto nodes = *leat::place(g.plan(), resolved, leat::local_nodes(3), {});
  //                                                          in first second one out
  CHECK(leat::stages_on(0, resolved, nodes) == std::vector<bool>{0, 0, 0, 0, 0});
  CHECK(leat::stages_on(1, resolved, nodes) == std::vector<bool>{1, 1, 1, 0, 0});
  CHECK(leat::stages_on(2, resolved, nodes) == std::vector<bool>{0, 1, 1, 1, 1});
  CHECK(leat::stages_on(3, resolved, nodes) == std::vector<bool>{0, 1, 1, 0, 0});
}

TEST_CASE("what needs the coordinator stands there") {
  const auto at_coordinator = [] {
    leat::graph g{"g"};
    g.from("in", support::given<support::item>{}).to("out", at_home{});
    return g;
  };
  CHECK(placed(at_coordinator(), 1, 3) == node_list{1, 0});
  CHECK(*placed(at_coordinator(), 1, three_hosts, {{{"out", "coordinator"}}, false, {}}) ==
        node_list{2, 0});
  const auto away = placed(at_coordinator(), 1, three_hosts, {{{"out", "b"}}, false, {}});
  REQUIRE(!away);
  CHECK(away.error().what ==
        "--pin out: it cannot run on \"b\", since it uses the process that was started");
}

TEST_CASE("a node gets as many subtasks as it has slots") {
  CHECK(*placed(keyed_twice(), 4, three_hosts) == node_list{2, 1, 2, 2, 3, 1, 2, 2, 3, 1, 1});
  leat::graph sources{"sources"}; // of one subtask each
  for (const char* name : {"1", "2", "3", "4"})
    sources.from(name, support::given<support::item>{}).to(name + std::string("-out"), at_home{});
  CHECK(*placed(std::move(sources), 1, three_hosts) == node_list{2, 0, 1, 0, 2, 0, 3, 0});
}

TEST_CASE("a pin is a node or a label, and takes those along that are fed one by one") {
  const auto pinned = [](std::string where) {
    return *placed(in_a_row(), 3, three_hosts, {{{"sum", std::move(where)}}, false, {}});
  };
  //                             in sum      pane     risk     out
  CHECK(pinned("a") == node_list{2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  CHECK(pinned("gpu") == node_list{2, 2, 2, 3, 2, 2, 3, 2, 2, 3, 1});
  CHECK(pinned("coordinator") == node_list{2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(*placed(in_a_row(), 3, three_hosts, {{{"sum", "a"}, {"risk", "c"}}, false, {}}) ==
        node_list{2, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3});

  auto nodes = three_hosts;
  nodes[0].labels = {"b"}; // a name overrides it
  CHECK(*placed(in_a_row(), 1, nodes, {{{"in", "b"}}, false, {}}) == node_list{2, 1, 1, 1, 1});
}

TEST_CASE("a rule for what is not there is refused") {
  const auto refused = [](leat::placement_rules rules) {
    const auto nodes = placed(in_a_row(), 1, three_hosts, rules);
    REQUIRE(!nodes);
    CHECK(nodes.error().domain == leat::error_domain::user);
    return nodes.error();
  };
  const auto nowhere = refused({{{"risk", "tpu"}}, false, {}});
  CHECK(nowhere.what == "--pin risk: there is no node or label \"tpu\"");
  CHECK(nowhere.hint == "nodes: coordinator, a, b, c; labels: edge, gpu");
  const auto nothing = refused({{{"rik", "a"}}, false, {}});
  CHECK(nothing.what == "--pin: there is no stage \"rik\"");
  CHECK(nothing.hint == "stages of this graph: in, sum, pane, risk, out");
  CHECK(refused({{}, true, {"rik"}}).what == "--shared: there is no stage \"rik\"");
}

TEST_CASE("on other hosts, sources and sinks with paths stand at the coordinator or are shared") {
  const auto on_hosts = [](leat::graph g, std::map<std::string, std::string> pins = {},
                           std::set<std::string> shared = {}) {
    return placed(std::move(g), 2, three_hosts, {std::move(pins), true, std::move(shared)});
  };
  //                                                      in sum   out
  CHECK(placed(with_files(to_files{}, 2), 2, 3) == node_list{1, 1, 2, 1, 2}); // of this host
  CHECK(*on_hosts(with_files(to_files{}, 2)) == node_list{0, 1, 2, 0, 0});
  CHECK(*on_hosts(with_files(to_files{}, 2), {}, {"in"}) == node_list{2, 1, 2, 0, 0});
  CHECK(*on_hosts(with_files(to_files{}, 2), {}, {"out"}) == node_list{0, 1, 2, 1, 2});
  CHECK(*on_hosts(with_files(to_files{}), {}, {"out"}) == node_list{0, 1, 2, 2});
  CHECK(*on_hosts(with_files(to_files{}), {{"out", "c"}}, {"out"}) == node_list{0, 1, 2, 3});
  CHECK(*on_hosts(with_files(to_table{}, 2), {}, {"out"}) == node_list{0, 1, 2, 2, 2});
  CHECK(*on_hosts(with_files(to_folder{}, 2), {}, {"out"}) == node_list{0, 1, 2, 1, 2});

  const auto away = on_hosts(with_files(to_files{}), {{"out", "gpu"}});
  REQUIRE(!away);
  CHECK(away.error().what == "--pin out: it cannot run on \"gpu\", since its path \"out.csv-0\" is "
                             "local to the coordinator");
  CHECK(away.error().hint ==
        "--shared out if that path is valid on those nodes too, or leave out the pin");
}

namespace {

/// Makes nothing; has files.
class idle_maker final : public leat::stage_maker {
public:
  explicit idle_maker(std::size_t files) : files_(files) {}
  std::vector<leat::file_use> files(const leat::plan_stage&, std::size_t) const override {
    return std::vector<leat::file_use>(files_);
  }
  std::unique_ptr<leat::stage> make(const leat::plan_stage&) const override { return nullptr; }

private:
  std::size_t files_;
};

/// A plan, nodes and rules that go together.
struct random_case {
  leat::plan p;
  leat::resolved_plan r;
  std::vector<leat::node_description> nodes;
  leat::placement_rules rules;

  random_case() {
    rules.other_hosts = *rc::gen::arbitrary<bool>();
    for (std::size_t n = number(0, 6); n > 0; --n) {
      nodes.push_back({"node-" + std::to_string(n), number(1, 9), {}});
      if (chance(2))
        nodes.back().labels.push_back("even");
      if (chance(3))
        nodes.back().labels.push_back("odd");
    }
    for (std::size_t s = number(1, 9); s > 0; --s)
      add_stage();
  }

  static std::size_t number(std::size_t least, std::size_t most) {
    return *rc::gen::inRange(least, most + 1);
  }
  static bool chance(std::size_t of) { return number(1, of) == 1; }

  void add_stage() {
    const std::size_t at = p.stages.size();
    leat::plan_stage s;
    s.name = "stage-" + std::to_string(at);
    std::size_t count = chance(2) ? 1 : number(2, 20);
    for (std::size_t i = at == 0 ? 0 : number(0, 2); i > 0; --i) {
      leat::plan_edge e;
      e.from = number(0, at - 1);
      e.to = at;
      if (chance(2))
        count = r.stages[e.from].parallelism;
      p.edges.push_back(std::move(e));
    }
    bool fed = false;
    for (leat::plan_edge& e : p.edges) {
      fed = fed || e.to == at;
      if (e.to == at && count != 1 && count != r.stages[e.from].parallelism)
        e.route = leat::routing::hash;
    }
    s.kind = !fed ? leat::kinds::source : chance(3) ? leat::kinds::sink : leat::kinds::scoring;
    s.maker = std::make_shared<idle_maker>(chance(2) ? 0 : chance(2) ? 1 : count);
    s.at_coordinator = chance(6);
    if (chance(4))
      rules.shared.insert(s.name);
    p.stages.push_back(std::move(s));
    r.stages.push_back({count});
    if (chance(4)) {
      const bool away = !nodes.empty() && !must_stand_home(at);
      const bool labelled = away && !with("even").empty() && chance(2);
      rules.pins[p.stages[at].name] = labelled ? "even"
                                      : away   ? nodes[number(0, nodes.size() - 1)].name
                                               : "coordinator";
    }
  }

  bool must_stand_home(std::size_t s) const {
    const leat::plan_stage& stage = p.stages[s];
    const bool local = rules.other_hosts && !rules.shared.contains(stage.name) &&
                       (stage.kind.is_source || stage.kind.is_sink) &&
                       !stage.maker->files(stage, 1).empty();
    return stage.at_coordinator || local;
  }
  bool is_pinned(std::size_t s) const { return rules.pins.contains(p.stages[s].name); }

  node_list with(const std::string& name_or_label) const {
    node_list all;
    for (std::size_t n = 0; n < nodes.size(); ++n)
      if (nodes[n].name == name_or_label || std::ranges::count(nodes[n].labels, name_or_label) > 0)
        all.push_back(n + 1);
    return all;
  }
  /// The nodes of a stage that stands with no feeder.
  node_list allowed(std::size_t s) const {
    if (is_pinned(s))
      return with(rules.pins.at(p.stages[s].name)).empty() ? node_list{0}
                                                           : with(rules.pins.at(p.stages[s].name));
    if (must_stand_home(s) || nodes.empty())
      return {0};
    node_list all;
    for (std::size_t n = 1; n <= nodes.size(); ++n)
      all.push_back(n);
    return all;
  }
  bool shares_a_file(std::size_t s) const {
    return rules.other_hosts && p.stages[s].kind.is_sink && r.stages[s].parallelism > 1 &&
           p.stages[s].maker->files(p.stages[s], 1).size() == 1;
  }
  /// The stage that feeds it one by one, and that it stands with.
  std::optional<std::size_t> companion(std::size_t s) const {
    std::optional<std::size_t> feeder;
    for (const leat::plan_edge& e : p.edges)
      if (e.to == s) {
        if (feeder || e.route != leat::routing::forward)
          return {};
        feeder = e.from;
      }
    if (!feeder || is_pinned(s) || must_stand_home(s) || shares_a_file(s) ||
        r.stages[*feeder].parallelism != r.stages[s].parallelism ||
        (must_stand_home(*feeder) && !is_pinned(*feeder)))
      return {};
    return feeder;
  }
};

} // namespace

TEST_CASE("placements of random plans") {
  rc::prop("each stage stands where it may, beside its feeder, and in proportion", [] {
    const random_case c;
    const auto placed = leat::place(c.p, c.r, c.nodes, c.rules);
    RC_ASSERT(bool(placed));
    RC_ASSERT(*placed == *leat::place(c.p, c.r, c.nodes, c.rules));
    if (!c.nodes.empty())
      RC_ASSERT(*leat::stages_at_coordinator(c.p, c.r, c.rules) ==
                leat::stages_on(0, c.r, *placed));
    std::vector<node_list> of_stage;
    for (auto at = placed->begin(); const auto& stage : c.r.stages) {
      of_stage.emplace_back(at, at + static_cast<std::ptrdiff_t>(stage.parallelism));
      at += static_cast<std::ptrdiff_t>(stage.parallelism);
    }
    RC_ASSERT(of_stage.size() == c.p.stages.size());
    for (std::size_t s = 0; s < of_stage.size(); ++s) {
      if (const auto feeder = c.companion(s)) {
        RC_ASSERT(of_stage[s] == of_stage[*feeder]);
        continue;
      }
      const node_list& here = of_stage[s];
      if (here.size() == 1 && here[0] == 0 && !c.is_pinned(s))
        continue; // beside several subtasks that feed it from there, perhaps
      const node_list allowed = c.allowed(s);
      double slots = 0;
      for (const std::size_t n : allowed)
        slots += n == 0 ? 1 : static_cast<double>(c.nodes[n - 1].slots);
      for (const std::size_t n : here)
        RC_ASSERT(std::ranges::count(allowed, n) == 1);
      if (c.shares_a_file(s))
        RC_ASSERT(std::set(here.begin(), here.end()).size() == 1 || here[0] == 0);
      for (const std::size_t n : allowed) {
        const double share = static_cast<double>(here.size()) *
                             (n == 0 ? 1 : static_cast<double>(c.nodes[n - 1].slots)) / slots;
        if (!c.shares_a_file(s) && here.size() > 1)
          RC_ASSERT(std::abs(static_cast<double>(std::ranges::count(here, n)) - share) < 1);
      }
    }
  });
}

TEST_CASE("the coordinator knows which stages are its own before there are any workers") {
  const auto own = [](std::map<std::string, std::string> pins, std::set<std::string> shared) {
    auto g = with_files(to_files{});
    return *leat::stages_at_coordinator(g.plan(), g.plan().resolve(2),
                                        {std::move(pins), true, std::move(shared)});
  };
  //                                                 in sum out
  CHECK(own({}, {}) == std::vector<bool>{1, 0, 1});
  CHECK(own({}, {"in"}) == std::vector<bool>{0, 0, 1});
  CHECK(own({{"out", "edge"}, {"in", "b"}}, {"out", "in"}) == std::vector<bool>{0, 0, 0});
  CHECK(own({{"sum", "coordinator"}}, {"in", "out"}) == std::vector<bool>{0, 1, 1}); // beside it
  auto g = with_files(to_files{});
  const auto away =
      leat::stages_at_coordinator(g.plan(), g.plan().resolve(1), {{{"out", "edge"}}, true, {}});
  REQUIRE(!away);
  CHECK(away.error().what.find("--pin out: it cannot run on \"edge\"") == 0);
}

TEST_CASE("the text of a plan is that of the same graph on the same nodes only") {
  const auto text = [](leat::graph g, std::size_t parallelism, std::size_t workers) {
    const auto resolved = g.plan().resolve(parallelism);
    return leat::plan_text(g.plan(), resolved, *placed(g, parallelism, leat::local_nodes(workers)));
  };
  const std::string own = text(keyed_twice(), 2, 2);
  CHECK(own == text(keyed_twice(), 2, 2));
  CHECK(leat::first_difference(own, own).empty());
  CHECK(leat::first_difference(own, text(keyed_twice("h"), 2, 2)) ==
        "its plan has \"graph h\" in place of \"graph g\"");
  CHECK(leat::first_difference(own, text(keyed_twice(), 3, 2)) ==
        "its plan has \"process first on nodes 1 1 2\" in place of \"process first on nodes 1 2\"");
  CHECK(leat::first_difference(own, text(keyed_twice(), 2, 1)) ==
        "its plan has \"process first on nodes 1 1\" in place of \"process first on nodes 1 2\"");
  const auto files = [](std::vector<std::size_t> nodes) {
    auto g = with_files(to_files{});
    return leat::plan_text(g.plan(), g.plan().resolve(1), nodes);
  };
  CHECK(files({1, 1, 1}).find("uses") == std::string::npos); // only that node knows its paths
  CHECK(files({0, 1, 0}).find("uses") == std::string::npos);
  auto spread = with_files(to_files{}, 2);
  CHECK(leat::plan_text(spread.plan(), spread.plan().resolve(1), {1, 1, 1, 2})
            .find("\nout uses out.csv-0\nout uses out.csv-1\n") != std::string::npos);
  CHECK(leat::first_difference("a\nb\n", "a\n") == "its plan ends before \"b\"");
  CHECK(leat::first_difference("a\n", "a\nb\n") == "its plan goes on with \"b\"");
  CHECK(leat::first_difference("a\n", "a\n" + std::string(1'000'000, 'b')) ==
        "its plan goes on with \"" + std::string(5000, 'b') + "\"...");
}
