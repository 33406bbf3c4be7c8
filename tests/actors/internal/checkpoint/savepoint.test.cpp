// Savepoints on a disk that loses its power at any operation: each is there whole, or not at all.
#include <leat/internal/checkpoint/checkpoint_store.hpp>
#include <leat/internal/checkpoint/saved_checkpoint.hpp>
#include <leat/internal/checkpoint/savepoint.hpp>
#include <leat/internal/checkpoint/savepoint_requests.hpp>
#include <leat/internal/checkpoint/simulated_files.hpp>
#include <leat/internal/runtime/checkpointing.hpp>

#include "support/catch.hpp"

#include <cerrno>

using namespace leat;

namespace {

constexpr auto folder = "/checkpoints";

/// A complete checkpoint of two subtasks.
manifest make_checkpoint(file_system& files) {
  auto store = checkpoint_store::open(files, {folder, "job", "host", 1, {}, 1});
  REQUIRE(store);
  state_writer writer(files, folder, store->term());
  manifest m;
  m.epoch = attempt_of(*store).after + 1;
  for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
    const auto file = writer.write(m.epoch, "stage", subtask, "state " + std::to_string(subtask));
    REQUIRE(file);
    m.subtasks.push_back({"stage", subtask, 2, *file, false, true});
  }
  REQUIRE(store->complete(m));
  m.job = "job";
  m.term = store->term();
  REQUIRE(store->remove_old());
  return m;
}

result<void> make_savepoint(file_system& files, const manifest& m) {
  if (auto kept = keep_states_of(files, folder, "s", m); !kept)
    return kept;
  return complete_savepoint(files, folder, "s", m);
}

void check_whole(file_system& files, const manifest& m) {
  const auto found = find_checkpoint(files, savepoint_folder(folder, "s"));
  REQUIRE(found);
  CHECK(found->manifest == m);
  CHECK(found->published);
}

} // namespace

TEST_CASE("a savepoint is whole or not there, wherever the power fails or an operation does") {
  for (const auto kind : {simulated_fault::kind::stops, simulated_fault::kind::stops_late,
                          simulated_fault::kind::fails, simulated_fault::kind::fails_late}) {
    int there = 0, absent = 0;
    for (std::uint64_t at = 0; there == 0 || at < 40; ++at) {
      INFO("operation " << at);
      simulated_files files(at);
      const manifest m = make_checkpoint(files);
      const std::uint64_t begin = files.operations();
      files.interfere([&](const simulated_files::operation& o) {
        return o.number == begin + at ? simulated_fault{kind, EIO} : simulated_fault{};
      });
      bool made = false;
      try {
        made = bool(make_savepoint(files, m));
      } catch (const simulated_stop&) {
      }
      files.interfere(nullptr);
      files.crash();
      const bool is_there = has_savepoint(files, folder, "s");
      CHECK((is_there || !made));
      ++(is_there ? there : absent);
      if (!is_there)
        REQUIRE(make_savepoint(files, m)); // what is left of the first one does not hinder it
      check_whole(files, m);
      CHECK_FALSE(make_savepoint(files, m));
      CHECK(checkpoint_folder(files, folder).newest());
    }
    CHECK(there > 0);
    CHECK(absent > 10);
  }
}

TEST_CASE("retention leaves savepoints alone") {
  simulated_files files(1);
  const manifest m = make_checkpoint(files);
  REQUIRE(make_savepoint(files, m));
  const manifest later = make_checkpoint(files);
  CHECK_FALSE(read_state(files, folder, m.subtasks[0].file));
  CHECK(later.epoch > m.epoch);
  check_whole(files, m);
}

TEST_CASE("requests are taken once, in whole, and failures are read once") {
  simulated_files files(1);
  CHECK_FALSE(ask_for_savepoint(files, folder, {"s", false})); // there are no checkpoints
  const manifest m = make_checkpoint(files);
  CHECK(take_requests(files, folder).empty());
  REQUIRE(ask_for_savepoint(files, folder, {"s", true}));
  CHECK(is_waiting(files, folder, "s"));
  CHECK_FALSE(ask_for_savepoint(files, folder, {"s", true}));
  CHECK_FALSE(ask_for_savepoint(files, folder, {"../s", true}));
  const auto taken = take_requests(files, folder);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].name == "s");
  CHECK(taken[0].stop);
  CHECK_FALSE(is_waiting(files, folder, "s"));
  CHECK(take_requests(files, folder).empty());
  note_failure(files, folder, "s", "why");
  CHECK(take_failure(files, folder, "s") == "why");
  CHECK_FALSE(take_failure(files, folder, "s"));
  REQUIRE(make_savepoint(files, m));
  CHECK_FALSE(ask_for_savepoint(files, folder, {"s", false}));
}

TEST_CASE("prepared outputs are carried into another folder, again and again") {
  simulated_files files(1);
  for (const std::string path : {"/a", "/a/sink", "/b"})
    REQUIRE(files.make_folder(path));
  REQUIRE(write_synced(files, "/a/sink/.part-0-1", "rows"));
  REQUIRE(write_synced(files, "/a/sink/.part.partial-12-1", "unfinished"));
  for (int times = 0; times < 2; ++times) {
    REQUIRE(carry_outputs(files, "/a", "/b"));
    CHECK(*files.list("/b/sink") == std::vector<std::string>{".part-0-1"});
    CHECK(*files.read("/b/sink/.part-0-1") == "rows");
  }
  REQUIRE(files.remove("/b/sink/.part-0-1"));
  CHECK(*files.read("/a/sink/.part-0-1") == "rows");
}
