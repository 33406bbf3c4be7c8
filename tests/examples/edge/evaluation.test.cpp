#include "edge/evaluation.hpp"

#include "support/catch.hpp"
#include "support/files.hpp"

using namespace edge;
using namespace std::chrono_literals;

namespace {

leat::event_time at(std::chrono::minutes m) { return leat::event_time{m}; }
alert raised(std::chrono::minutes m, std::string sensor = "a/x.csv") {
  return {std::move(sensor), at(m), 0, 0, 1};
}

} // namespace

TEST_CASE("alerts are right within an anomaly, its ends included") {
  const std::vector<anomaly> known{{at(10min), at(20min)}, {at(40min), at(60min)}};
  const std::vector<alert> alerts{raised(9min),  raised(10min), raised(12min),
                                  raised(20min), raised(45min), raised(61min)};
  const verdicts v = judge(alerts, known);
  CHECK(v.anomalies == 2);
  CHECK(v.found == 2);
  CHECK(v.alerts == 6);
  CHECK(v.right == 4);
  CHECK(v.mean_delay() == 150s);
  CHECK(v.mean_part() == Approx(0.125));
  CHECK(v.precision() == Approx(4.0 / 6));
  CHECK(v.recall() == 1);
}

TEST_CASE("nothing to find and nothing said is no fault") {
  const verdicts v = judge({}, {});
  CHECK(v.precision() == 1);
  CHECK(v.recall() == 1);
  CHECK(v.mean_delay() == 0s);
}

TEST_CASE("verdicts are by folder, and each stream's alerts its own") {
  const labels known{{"a/x.csv", {{at(1min), at(2min)}}}, {"a/y.csv", {}}, {"b/z.csv", {}}};
  const auto got = judge({"a/x.csv", "a/y.csv", "b/z.csv"},
                         {raised(1min, "b/z.csv"), raised(1min, "a/y.csv"), raised(2min)}, known);
  REQUIRE(got);
  CHECK(got->at("a").found == 1);
  CHECK(got->at("a").alerts == 2);
  CHECK(got->at("a").right == 1);
  CHECK(got->at("b").alerts == 1);
  const auto unknown = judge({"a/q.csv"}, {}, known);
  REQUIRE(!unknown);
  CHECK(unknown.error().what == "the labels do not contain \"a/q.csv\"");
}

TEST_CASE("labels are read as the benchmark writes them") {
  const support::temporary_folder folder;
  const auto read = read_labels(folder.write(
      "labels.json",
      R"({"a/x.csv": [["2014-04-10 07:15:00.000000", "2014-04-11 16:45:00.5"]], "b/y.csv": []})"));
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK(read->at("b/y.csv").empty());
  CHECK(read->at("a/x.csv").front().to - read->at("a/x.csv").front().from == 33h + 30min + 500ms);
}

TEST_CASE("labels that cannot be read are refused by name") {
  const support::temporary_folder folder;
  CHECK(!read_labels(folder / "none.json"));
  for (const char* text :
       {"{", R"({"a": [["2014"]]})", R"({"a": [["x", "y"]]})", R"({"a": [1]})", R"({"a": 1})"}) {
    INFO(text);
    const auto read = read_labels(folder.write("labels.json", text));
    REQUIRE(!read);
    CHECK(read.error().what.find("labels.json") != std::string::npos);
  }
}
