#include <leat/internal/runtime/files_in_use.hpp>

#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/csv/source.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/flow.hpp"

namespace {

using support::item;
using support::temporary_folder;

/// From a file into two others, with checkpoints.
leat::graph copies(const std::string& from, const std::string& a, const std::string& b) {
  leat::graph g{"copies"};
  const auto items = g.from("in", leat::csv_source<item>{from});
  items.to("a", leat::csv_sink<item>{a}, {2});
  items.to("b", leat::csv_sink<item>{b});
  for (leat::plan_stage& s : g.plan().stages)
    s.checkpoints = true;
  return g;
}

std::vector<std::string> collisions(leat::graph g, const leat::run_options& options = {}) {
  std::vector<std::string> all;
  for (const leat::error& e : leat::colliding_files(g.plan(), g.plan().resolve(1), options, {}))
    all.push_back(e.what);
  return all;
}

struct from_file : support::given<item> {
  std::string path = {};
  std::vector<leat::file_use> inputs() const { return {{path}}; }
};
struct to_file : support::discard {
  std::string path = {};
  std::vector<leat::file_use> targets(const leat::sink_context&) const { return {{path}}; }
};

leat::graph copying(const std::string& from, const std::string& to) {
  from_file source;
  source.path = from;
  to_file sink;
  sink.path = to;
  leat::graph g{"copying"};
  g.from("in", source).to("out", sink);
  return g;
}

using stages = std::vector<bool>;

} // namespace

TEST_CASE("with checkpoints all files in the folder of an output belong to it") {
  const temporary_folder folder;
  const std::string in = folder.write("in.csv", "");
  CHECK(collisions(copies(in, folder / "a.csv", folder / "b.csv")).empty());
  CHECK(collisions(copies(in, folder / "a.csv", folder / "x/../a.csv")) ==
        std::vector<std::string>{"sink \"a\" and sink \"b\" write the same file \"" +
                                 (folder / "x/../a.csv") + '"'});
  CHECK(collisions(copies(in, folder / "a.csv", folder / "a.csv/b")).size() == 1);
  CHECK(collisions(copies(folder / "a.csv/part-0-1.csv", folder / "a.csv", folder / "b.csv")) ==
        std::vector<std::string>{"sink \"a\" would overwrite \"" + (folder / "a.csv") +
                                 "\", which source \"in\" reads"});
  leat::run_options options;
  options.outputs = {{"--metrics-out", folder / "b.csv/metrics.json"}};
  CHECK(collisions(copies(in, folder / "a.csv", folder / "b.csv"), options).size() == 1);
}

TEST_CASE("what a killed run was writing is removed from its folder, and what it sealed stays") {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "a.csv");
  const std::string left = folder.write("a.csv/.part.partial-4711-0", "");
  folder.write("a.csv/.part-0-3.csv", "");
  folder.write("a.csv/part-0-2.csv", "");
  auto g = copies(folder / "in.csv", folder / "a.csv", folder / "b.csv");
  CHECK(leat::remove_leftovers(g.plan(), g.plan().resolve(1), {}, {}) ==
        std::vector<std::string>{"removed \"" + left + "\", which a killed run was writing"});
  CHECK(std::filesystem::exists(folder / "a.csv/.part-0-3.csv"));
  CHECK(std::filesystem::exists(folder / "a.csv/part-0-2.csv"));
}

TEST_CASE("files collide on one host only, or where they are on all") {
  auto g = copying("f.csv", "f.csv");
  const auto faults = [&](const stages& here, std::set<std::string> shared = {}) {
    leat::run_options o;
    o.shared = std::move(shared);
    return leat::colliding_files(g.plan(), g.plan().resolve(1), o, here).size();
  };
  CHECK(faults({}) == 1);
  CHECK(faults({true, true}) == 1);
  CHECK(faults({true, false}) == 0);
  CHECK(faults({false, true}) == 0);
  CHECK(faults({true, false}, {"out"}) == 1);
  CHECK(faults({false, true}, {"in"}) == 1);
  CHECK(faults({false, false}, {"in", "out"}) == 1);
}

TEST_CASE("what a killed run has left is removed where the sink runs") {
  const temporary_folder folder;
  auto g = copying("f.csv", folder / "out");
  const std::string left = folder.write("out.partial-1-0", "half");
  const auto removed = [&](const stages& here) {
    return leat::remove_leftovers(g.plan(), g.plan().resolve(1), {}, here).size();
  };
  CHECK(removed({true, false}) == 0);
  CHECK(removed({false, true}) == 1);
  CHECK(folder.size() == 0);
}
