// The savepoint of tests/data (see job/upgrades.test.cpp), printed by a program that knows none of
// its types.
#include <leat/connectors/memory/generate.hpp>
#include <leat/connectors/memory/null.hpp>

#include "support/flow.hpp"
#include "support/program.hpp"

#include <thread>

using support::content_of;
using support::outcome;
using support::temporary_folder;

namespace {

std::string saved_by_version_1() {
  return (std::filesystem::path(__FILE__).parent_path() / "../../../data/savepoint-1")
      .lexically_normal()
      .string();
}

outcome inspect(const std::string& path, std::vector<std::string> more = {}) {
  leat::program p{"other", "Does something else."};
  p.graph([] { return leat::graph{"other"}; });
  std::vector<std::string> all{"inspect", "--checkpoint-dir", path};
  all.insert(all.end(), more.begin(), more.end());
  return support::outcome_of(p, all);
}

struct place {
  double latitude = 0;
  double longitude = 0;
  static constexpr auto fields = leat::fields("place", leat::field("latitude", &place::latitude),
                                              leat::field("longitude", &place::longitude));
};

struct history {
  std::uint64_t number_of_records = 0;
  place first_place_of_all, place_of_last_record;
  std::string name_of_the_last_record;
  static constexpr auto fields =
      leat::fields("history", leat::field("number_of_records", &history::number_of_records),
                   leat::field("first_place_of_all", &history::first_place_of_all),
                   leat::field("place_of_last_record", &history::place_of_last_record),
                   leat::field("name_of_the_last_record", &history::name_of_the_last_record));
};

struct remembers {
  using output_type = support::item;
  leat::value_state<history> known;
  void open(leat::setup& setup) { known = setup.value<history>("known"); }
  void process(const support::item&, leat::emitter<support::item>&, leat::context& ctx) {
    ++ctx.edit(known).number_of_records;
  }
};

// Runs a job of so many records, and stops it once it has made a checkpoint.
void remember(const std::string& folder, std::uint64_t records) {
  leat::graph g{"remembers"};
  g.from("in", leat::generate(
                   [](std::uint64_t n) {
                     return support::item{0, static_cast<std::int64_t>(n), 0};
                   },
                   records))
      .key_by(support::key_of_item)
      .process("history", remembers{})
      .to("out", leat::null_sink{});
  leat::run_options o;
  o.checkpoints.folder = folder;
  auto job = leat::job::start(std::move(g), o);
  REQUIRE(job);
  while (job->metrics().records() == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  job->stop();
  REQUIRE(job->wait());
}

} // namespace

TEST_CASE("inspect prints a wide type in several lines, and says that a stage had ended") {
  const temporary_folder folder;
  const std::string stopped = folder / "stopped", ended = folder / "ended";
  remember(stopped, std::numeric_limits<std::uint64_t>::max());
  const auto told = inspect(stopped).out;
  INFO(told);
  CHECK(told.find("      value history(\n"
                  "        number_of_records:u64,\n"
                  "        first_place_of_all:place(latitude:f64,longitude:f64),\n"
                  "        place_of_last_record:place(latitude:f64,longitude:f64),\n"
                  "        name_of_the_last_record:string\n"
                  "      )\n") != std::string::npos);
  CHECK(inspect(stopped, {"--state", "history/known"}).out.starts_with("{\"key\":0,\"value\":{"));

  remember(ended, 1);
  const auto none = inspect(ended, {"--state", "history/known"});
  CHECK(none.code == 1);
  CHECK(none.err.find("stage \"history\" had ended at checkpoint ") != std::string::npos);
  CHECK(inspect(ended, {"--state", "none/known"}).err.find("has no state") != std::string::npos);
}

TEST_CASE("inspect prints what a savepoint holds, and names what is damaged") {
  const temporary_folder folder;
  const std::string saved = saved_by_version_1();
  const outcome told = inspect(saved);
  CHECK(told.code == 0);
  INFO(told.out);
  CHECK(told.out.starts_with(
      "job \"totals\"\nsavepoint \"savepoint-1\" (checkpoint 49) of term 1, "));
  CHECK(told.out.find("  totals 0 of 1: ") != std::string::npos);
  CHECK(told.out.find(", 5 keys\n") != std::string::npos);
  CHECK(told.out.find("    state \"sums\": 5 keys, ") != std::string::npos);
  CHECK(
      told.out.find("\n      value total(sum:i64,last:order(key:i64,number:i64,note:string)?)\n") !=
      std::string::npos);
  CHECK(told.out.find("\n      map string -> order(") != std::string::npos);
  CHECK(told.out.find("    split 0 ") != std::string::npos);
  const auto json = inspect(saved, {"--json"}).out;
  CHECK(json.starts_with("{\"schema\":1,\"path\":\"" + saved + "\",\"job\":\"totals\""));

  const auto values = inspect(saved, {"--state", "totals/seen"}).out;
  CHECK(values.find("{\"key\":1,\"value\":[{\"key\":1,\"number\":1,\"note\":\"\"},{\"key\":1,"
                    "\"number\":6,\"note\":\"\"}]}\n") != std::string::npos);
  CHECK(inspect(saved, {"--state", "totals/none"}).err.find("has no state \"none\"") !=
        std::string::npos);
  CHECK(inspect(folder.path()).err.find("there is no checkpoint in") != std::string::npos);

  const std::string damaged = folder / "damaged";
  std::filesystem::copy(saved, damaged, std::filesystem::copy_options::recursive);
  std::string state;
  for (const auto& f : std::filesystem::recursive_directory_iterator{damaged})
    if (f.path().filename() == "totals-0")
      state = f.path().string();
  const std::string content = content_of(state);
  std::ofstream{state, std::ios::binary} << content.substr(0, content.size() - 1);
  const auto partly = inspect(damaged);
  CHECK(partly.code == 2);
  CHECK(partly.out.find("    damaged: \"" + state + "\" is damaged: it has ") != std::string::npos);
  CHECK(partly.out.find("    split 0 ") != std::string::npos);
}

TEST_CASE("inspect survives files in which any byte has changed") {
  const temporary_folder folder;
  const std::string damaged = folder / "damaged";
  std::filesystem::copy(saved_by_version_1(), damaged, std::filesystem::copy_options::recursive);
  const std::string manifest = content_of(damaged + "/manifest");
  for (std::size_t i = 0; i < manifest.size(); ++i) {
    std::string changed = manifest;
    changed[i] = static_cast<char>(changed[i] ^ 0x41);
    std::ofstream{damaged + "/manifest", std::ios::binary} << changed;
    const auto told = inspect(damaged);
    CHECK(told.code != 0);
    CHECK(told.err.find("manifest\"") != std::string::npos);
  }
}
