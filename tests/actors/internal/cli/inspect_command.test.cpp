// The savepoint of tests/data (see job/upgrades.test.cpp), printed by a program that knows none of
// its types.
#include "support/program.hpp"

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

} // namespace

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
  CHECK(told.out.find("    state \"sums\": value total(sum:i64,last:order(key:i64,number:i64,note:"
                      "string)?), fingerprint ") != std::string::npos);
  CHECK(told.out.find("    state \"named\": map string -> order(") != std::string::npos);
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
