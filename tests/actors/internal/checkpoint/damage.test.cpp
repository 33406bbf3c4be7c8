// Every file of a checkpoint folder with a byte flipped, cut short or removed: the job goes on from
// the newest checkpoint, from an older one if nothing can have been published since, or not at all.
#include <leat/internal/checkpoint/checkpoint_store.hpp>
#include <leat/internal/checkpoint/simulated_files.hpp>

#include "support/catch.hpp"

#include <algorithm>

using namespace leat;

namespace {

constexpr auto folder = "/checkpoints";

result<checkpoint_store> opened(file_system& files) {
  return checkpoint_store::open(files, {folder, "job", "host", 1, {}, 3});
}

/// A job that has made checkpoints 1, 2 and so on, each with two states.
void make_checkpoints(file_system& files, const std::vector<bool>& with_committables) {
  auto store = opened(files);
  REQUIRE(store);
  state_writer writer(files, folder, store->term());
  for (std::size_t i = 0; i < with_committables.size(); ++i) {
    manifest m;
    m.epoch = i + 1;
    m.commands = {{"windows", "batching", "micro_batch"}};
    for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
      const auto file = writer.write(m.epoch, "stage", subtask, "state " + std::to_string(m.epoch));
      REQUIRE(file);
      m.subtasks.push_back({"stage", subtask, 2, *file, false, with_committables[i]});
    }
    REQUIRE(store->complete(m));
  }
}

std::vector<std::string> files_in(file_system& files, const std::string& path) {
  const auto names = files.list(path);
  if (!names)
    return {path};
  std::vector<std::string> all;
  for (const std::string& name : *names)
    for (std::string& file : files_in(files, path + '/' + name))
      all.push_back(std::move(file));
  return all;
}

struct outcome {
  std::optional<epoch> restored; ///< none: refused
  bool passed_over = false;
};

outcome restore(file_system& files) {
  auto store = opened(files);
  if (!store) {
    CHECK(!store.error().what.empty());
    return {};
  }
  const auto point = store->newest();
  if (!point) {
    CHECK(!point.error().hint.empty());
    return {};
  }
  REQUIRE(*point);
  for (const saved_subtask& s : (*point)->manifest.subtasks)
    CHECK(*read_state(files, folder, s.file) ==
          "state " + std::to_string((*point)->manifest.epoch));
  CHECK((*point)->manifest.commands.front().payload == "micro_batch");
  return {(*point)->manifest.epoch, !(*point)->passed_over.empty()};
}

/// Calls `check(path, outcome)` for each file and each kind of damage.
template <class Check>
void for_each_damage(const std::vector<bool>& with_committables, Check check) {
  simulated_files whole(1);
  make_checkpoints(whole, with_committables);
  for (const std::string& path : files_in(whole, folder)) {
    const std::string content = *whole.read(path);
    const auto with = [&](auto damage) {
      simulated_files files(1);
      make_checkpoints(files, with_committables);
      damage(files);
      check(path, restore(files));
    };
    with([&](simulated_files& files) { REQUIRE(files.remove(path)); });
    for (std::size_t at = 0; at < content.size(); ++at) {
      with([&](simulated_files& files) { files.put(path, content.substr(0, at)); });
      std::string flipped = content;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
      with([&](simulated_files& files) { files.put(path, flipped); });
    }
    with([&](simulated_files& files) { files.put(path, content + '\0'); });
  }
}

} // namespace

TEST_CASE("damage to checkpoints that have published is refused") {
  int refused = 0;
  for_each_damage({true, true, true}, [&](const std::string& path, const outcome& o) {
    CAPTURE(path);
    if (!o.restored)
      ++refused;
    else
      CHECK(*o.restored == 3);
    if (path.find("/state/3-1/stage") != std::string::npos)
      CHECK_FALSE(o.restored);
  });
  CHECK(refused > 0);
}

TEST_CASE("damage to a checkpoint that published nothing is passed over aloud") {
  int fell_back = 0;
  for_each_damage({true, true, false}, [&](const std::string& path, const outcome& o) {
    CAPTURE(path);
    if (o.restored && *o.restored != 3) {
      ++fell_back;
      CHECK(*o.restored == 2);
      CHECK(o.passed_over);
    }
    if (path.find("/state/3-1/stage") != std::string::npos)
      CHECK(o.restored == 2);
  });
  CHECK(fell_back > 0);
}

TEST_CASE("what is published by an older checkpoint does not keep from restoring it") {
  simulated_files files(1);
  make_checkpoints(files, {true, false, false});
  files.put("/checkpoints/state/3-1/stage-0", "other");
  files.put("/checkpoints/state/2-1/stage-0", "other");
  CHECK(restore(files).restored == 1);
}

TEST_CASE("a lost slot is found again beside its states") {
  simulated_files files(1);
  make_checkpoints(files, {true, true});
  REQUIRE(files.remove("/checkpoints/log/0000000000000003"));
  CHECK(restore(files).restored == 2);
}

TEST_CASE("a refusal names what is damaged, and what is whole") {
  simulated_files files(1);
  make_checkpoints(files, {true, true});
  files.put("/checkpoints/state/2-1/stage-1", "state 9");
  auto store = opened(files);
  REQUIRE(store);
  const auto point = store->newest();
  REQUIRE_FALSE(point);
  CHECK(point.error().what ==
        "the newest checkpoint in \"/checkpoints\" cannot be restored: "
        "\"/checkpoints/state/2-1/stage-1\" is damaged: its checksum differs; "
        "epoch 1 is whole, but outputs of later epochs may have been published");
  CHECK(point.error().hint ==
        "put the damaged file back from a copy of the folder, or --restore "
        "/checkpoints/state/1-1 with another --checkpoint-dir, and accept duplicate outputs");
  CHECK(store->at(1)->epoch == 1);
  CHECK_FALSE(store->at(2));
  CHECK(store->at(7).error().what == "\"/checkpoints\" has no checkpoint of epoch 7");
}
