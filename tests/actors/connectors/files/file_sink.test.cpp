#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/json_lines/sink.hpp>

#include "support/catch.hpp"
#include "support/epochs.hpp"
#include "support/files.hpp"
#include "support/killing.hpp"
#include "support/pulling.hpp"

namespace {

using support::item;
using support::saved_job;
using support::temporary_folder;
using item_sink = leat::csv_sink<item>;
namespace fs = std::filesystem;

std::unique_ptr<leat::stage> sink_at(const std::string& path, std::uint64_t part_bytes) {
  return std::make_unique<leat::sink_stage<item, item_sink>>(item_sink{path, {part_bytes}},
                                                             std::chrono::nanoseconds{0});
}

/// The published records, part by part.
std::vector<item> published(const std::string& path) {
  auto all = support::read_all(leat::csv_source<item>{path + "/*.csv"});
  REQUIRE(all.letters.empty());
  // Those of one epoch lie in several subtasks; the epochs themselves are in order.
  std::vector<item> records;
  const auto parts = *leat::part_folder(path).parts();
  std::size_t epoch_begin = 0;
  for (std::size_t i = 0, part = 0; part < parts.size(); ++part) {
    const auto of_part =
        support::read_all(leat::csv_source<item>{leat::part_folder(path).published(parts[part])});
    CHECK(std::is_sorted(of_part.records.begin(), of_part.records.end(),
                         [](const item& a, const item& b) { return a.number < b.number; }));
    i += of_part.records.size();
    if (part + 1 == parts.size() || parts[part + 1].of != parts[part].of) {
      std::sort(all.records.begin() + static_cast<std::ptrdiff_t>(epoch_begin),
                all.records.begin() + static_cast<std::ptrdiff_t>(i),
                [](const item& a, const item& b) { return a.number < b.number; });
      epoch_begin = i;
    }
  }
  return all.records;
}

bool has_parts(const std::string& path) {
  return fs::exists(path) && !leat::part_folder(path).parts()->empty();
}

/// Of a job that may have crashed: records of checkpoints alone, each once, in the order of epochs.
void check_published(const std::string& path, const saved_job& job) {
  if (!has_parts(path))
    return;
  const std::vector<item> got = published(path);
  for (std::size_t i = 0; i < got.size(); ++i)
    REQUIRE((i == 0 || got[i - 1].number < got[i].number));
  REQUIRE(static_cast<std::uint64_t>(got.back().number) < job.records);
}

void check_done(const std::string& path, const std::vector<item>& records) {
  REQUIRE(published(path) == records);
  for (const auto& entry : fs::directory_iterator{path})
    REQUIRE(!entry.path().filename().string().starts_with(".part-")); // nothing waits any more
}

} // namespace

TEST_CASE("whatever crashes, each record is in one published part") {
  support::for_seeds(150, [](support::dice d) {
    const temporary_folder folder;
    const std::string path = folder / "out.csv";
    const auto records = support::numbered(d(1, 150));
    const std::uint64_t part_bytes = d.coin() ? 40 : 100'000;
    support::run_with_crashes(
        records, d, folder.path(), [&] { return sink_at(path, part_bytes); },
        [&](const saved_job& job) { check_published(path, job); });
    check_done(path, records);
  });
}

TEST_CASE("killed at any operation on a file, each record is in one published part") {
  support::for_seeds(6, [](support::dice d) {
    const temporary_folder folder;
    const std::string path = folder / "out.csv";
    const auto records = support::numbered(d(40, 80));
    support::shared_bytes kept;
    saved_job job;
    const auto save = [&](const saved_job& now) {
      std::string bytes;
      leat::append_binary(bytes, now);
      kept.put(bytes);
    };
    save(job);
    for (int attempts = 0; !job.done; ++attempts) {
      const int last_operation = attempts < 60 ? d(0, 25) : 100'000;
      const auto seed = static_cast<std::uint64_t>(d(0, 1'000'000));
      support::ends_before(last_operation, [&] {
        support::dice of_attempt(seed);
        support::epoch_attempt<item>(job, of_attempt, folder.path(), save, [] {}).run(records, [&] {
          return sink_at(path, 60);
        });
      });
      const std::string bytes = kept.get();
      leat::byte_cursor from(bytes);
      REQUIRE(leat::read_binary(from, job));
      check_published(path, job);
    }
    check_done(path, records);
  });
}

TEST_CASE("with checkpoints a sink's target is a folder") {
  const item_sink s{"out.csv"};
  const auto plain = s.targets({.subtasks = 2});
  REQUIRE(plain.size() == 2);
  CHECK(!plain[0].folder);
  const auto parts = s.targets({.subtasks = 2, .checkpoints = true});
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].folder);
  CHECK(parts[0].path == "out.csv");
}

TEST_CASE("a file where parts must go is told by the check, and so is a part without bytes") {
  const temporary_folder folder;
  const std::string path = folder.write("out.csv", "old");
  CHECK(item_sink{path}.check());
  CHECK(!item_sink{path}.check({.checkpoints = true}));
  CHECK(!item_sink{path, {.part_bytes = 0}}.check());
}

TEST_CASE("parts of formats without a head are whole files, too") {
  const temporary_folder folder;
  leat::json_lines_sink<item> s{folder / "out.jsonl"};
  REQUIRE(s.open({.stage = "out", .checkpoints = true}));
  const std::vector<item> records{{1, 2, 3}};
  REQUIRE(s.write(std::span<const item>{records}));
  REQUIRE(s.flush());
  const auto parts = s.prepare(4);
  REQUIRE(parts);
  REQUIRE(s.commit(**parts));
  CHECK(support::content_of(folder / "out.jsonl/part-0-4.jsonl") ==
        "{\"key\":1,\"number\":2,\"value\":3}\n");
}
