#include <leat/internal/checkpoint/checkpoint_log.hpp>
#include <leat/internal/checkpoint/manifest.hpp>

#include "support/catch.hpp"

using namespace leat;

namespace {

manifest some_manifest() {
  manifest m;
  m.job = "fraud";
  m.plan = "4f2a";
  m.term = 3;
  m.epoch = 12;
  m.finished = true;
  m.time = processing_time{std::chrono::seconds{1}};
  m.subtasks = {{"alerts", 1, 2, {"11-3/alerts-1", 70, 7}, true, true}};
  m.commands = {{"pane", "batching", "micro_batch"}};
  return m;
}

} // namespace

TEST_CASE("a manifest is read as it was written") {
  const manifest m = some_manifest();
  const std::string bytes = encode_manifest(m);
  CHECK(*decode_manifest(bytes) == m);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_manifest(bytes.substr(0, size)));
  CHECK_FALSE(decode_manifest(bytes + 'x'));
}

TEST_CASE("a manifest lists the files of cold stores, and is as ever without them") {
  manifest m = some_manifest();
  const std::string without = encode_manifest(m);
  m.subtasks.push_back({"sums", 0, 1, {"11-3/sums-0", 10, 1}});
  m.subtasks.back().stored = {{"11-3/sums-0.000012.sst", 500, 5}, {"11-3/sums-0.CURRENT", 3, 6}};
  const std::string bytes = encode_manifest(m);
  CHECK(*decode_manifest(bytes) == m);
  CHECK(bytes_of(m.subtasks.back()) == 513);
  CHECK(*decode_subtask(encode_subtask(m.subtasks.back())) == m.subtasks.back());
  CHECK_FALSE(decode_subtask(encode_subtask(m.subtasks.back()) + 'x'));
  CHECK_FALSE(decode_manifest(without + '\0')); // lists that are empty
  m.subtasks.back().stored.front().path = "../sums-0.CURRENT";
  CHECK_FALSE(decode_manifest(encode_manifest(m)));
}

TEST_CASE("a manifest leads to no file but those of states") {
  for (const char* path :
       {"", "a", "/etc/passwd", "11-3/", "11-3/..", "../11-3", "11-3/a/b", "x/a"}) {
    manifest m = some_manifest();
    m.subtasks.front().file.path = path;
    CAPTURE(path);
    CHECK_FALSE(decode_manifest(encode_manifest(m)));
  }
}

TEST_CASE("a manifest as JSON") {
  CHECK(
      to_json(some_manifest()) ==
      R"({"job":"fraud","plan":"4f2a","term":3,"epoch":12,"finished":true,)"
      R"("time":"1970-01-01T00:00:01Z","subtasks":[{"stage":"alerts","subtask":1,"subtasks":2,)"
      R"("file":{"path":"11-3/alerts-1","bytes":70,"checksum":7},"ended":true,"committables":true,)"
      R"("held_records":false,"stage_number":0}],)"
      R"("commands":[{"stage":"pane","verb":"batching","payload":"micro_batch"}]})");
}

TEST_CASE("the kind of an entry outlives damage to its payload") {
  const log_entry entry{entry_kind::manifest_with_committables, 4, "payload"};
  const std::string bytes = encode_entry(9, entry);
  const slot_content whole = decode_entry(bytes, "file");
  REQUIRE(whole.entry);
  CHECK(*whole.entry == entry);
  CHECK(whole.slot == 9);

  const std::size_t head = bytes.size() - entry.payload.size();
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      const slot_content damaged = decode_entry(flipped, "file");
      CHECK_FALSE(damaged.entry);
      CHECK(damaged.kind.has_value() == (at >= head));
    }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_entry(bytes.substr(0, size), "file").entry);
}
