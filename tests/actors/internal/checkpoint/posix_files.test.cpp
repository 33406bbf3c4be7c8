// Real files do what the simulated ones do, and the store works on them.
#include <leat/internal/checkpoint/checkpoint_store.hpp>
#include <leat/internal/checkpoint/posix_files.hpp>
#include <leat/internal/checkpoint/simulated_files.hpp>

#include "support/files.hpp"

#include <thread>
#include <unistd.h>

using namespace leat;

namespace {

/// What each operation has to do, in a folder that exists.
void check_operations(file_system& files, const std::string& folder) {
  const std::string path = folder + "/a/file";
  CHECK_FALSE(files.create(path));
  REQUIRE(files.make_folder(folder + "/a"));
  REQUIRE(files.make_folder(folder + "/a"));
  CHECK_FALSE(files.make_folder(folder + "/b/c"));
  {
    auto file = files.create(path);
    REQUIRE(file);
    REQUIRE((*file)->append("one "));
    REQUIRE((*file)->append("two"));
    REQUIRE((*file)->sync());
  }
  REQUIRE(files.sync_folder(folder + "/a"));
  CHECK_FALSE(files.create(path));
  CHECK(*files.read(path) == "one two");

  REQUIRE(write_synced(files, folder + "/other", "three"));
  CHECK(*files.link(path, folder + "/name"));
  CHECK(*files.link(path, folder + "/name")); // it is that file
  CHECK_FALSE(*files.link(folder + "/other", folder + "/name"));
  CHECK_FALSE(files.link(folder + "/none", folder + "/name2"));
  CHECK(*files.read(folder + "/name") == "one two");
  CHECK(*files.list(folder) == std::vector<std::string>{"a", "name", "other"});

  CHECK_FALSE(files.remove(folder + "/a"));
  REQUIRE(files.remove(path));
  REQUIRE(files.remove(folder + "/a"));
  REQUIRE(files.remove(folder + "/a"));
  CHECK_FALSE(files.read(path));
  CHECK_FALSE(files.read(folder));
  CHECK_FALSE(files.list(folder + "/a"));
  CHECK_FALSE(files.list(folder + "/name"));
  CHECK_FALSE(files.sync_folder(folder + "/a"));

  auto lock = files.lock(folder + "/lock", "the first one, of a longer name");
  REQUIRE(lock);
  const auto second = files.lock(folder + "/lock", "second");
  REQUIRE_FALSE(second);
  CHECK(second.error().what ==
        "\"" + folder + "/lock\" is locked by the first one, of a longer name");
  lock->reset();
  lock = files.lock(folder + "/lock", "third");
  REQUIRE(lock);
  CHECK(files.lock(folder + "/lock", "").error().what ==
        "\"" + folder + "/lock\" is locked by third");
}

store_options options(const std::string& folder, std::string job = "job",
                      std::string host = "here") {
  return {folder, std::move(job), std::move(host), ::getpid(), {}, 2};
}

manifest checkpoint(state_writer& writer, epoch number) {
  manifest m;
  m.epoch = number;
  const auto file = writer.write(number, "a/stage", 0, "state " + std::to_string(number));
  REQUIRE(file);
  m.subtasks = {{"a/stage", 0, 1, *file, false, true}};
  return m;
}

} // namespace

TEST_CASE("real and simulated files do the same") {
  const support::temporary_folder folder;
  posix_files real;
  check_operations(real, folder.path());
  simulated_files simulated(1);
  REQUIRE(simulated.make_folder("/folder"));
  check_operations(simulated, "/folder");
}

TEST_CASE("names of files and folders") {
  CHECK(folder_of("a/b") == "a");
  CHECK(folder_of("a/b/") == "a");
  CHECK(folder_of("/a") == "/");
  CHECK(folder_of("/") == "/");
  CHECK(folder_of("a") == ".");
  CHECK(file_name_of("a/b%\n-Ä") == "a%2Fb%25%0A-Ä");
}

TEST_CASE("checkpoints in a real folder") {
  const support::temporary_folder folder;
  posix_files files;
  {
    auto store = checkpoint_store::open(files, options(folder / "c"));
    REQUIRE(store);
    CHECK_FALSE(*store->newest());
    state_writer writer(files, folder / "c", store->term());
    for (epoch number = 1; number <= 3; ++number)
      REQUIRE(store->complete(checkpoint(writer, number)));
    REQUIRE(writer.write(4, "a/stage", 0, "under way"));
    CHECK_FALSE(writer.write(4, "a/stage", 0, "again"));
    CHECK_FALSE(store->complete((*store->newest())->manifest));
    REQUIRE(store->remove_old());
    CHECK(*files.list(folder / "c/log") ==
          std::vector<std::string>{"0000000000000003", "0000000000000004"});
    CHECK(*files.list(folder / "c/state") == std::vector<std::string>{"2-1", "3-1", "4-1"});
  }
  auto store = checkpoint_store::open(files, options(folder / "c"));
  REQUIRE(store);
  CHECK(store->term() == 5);
  const auto point = store->newest();
  REQUIRE((point && *point));
  CHECK((*point)->manifest.epoch == 3);
  CHECK((*point)->manifest.job == "job");
  CHECK((*point)->manifest.term == 1);
  CHECK(*read_state(files, folder / "c", (*point)->manifest.subtasks.front().file) == "state 3");
  REQUIRE(store->remove_old());
  CHECK(*files.list(folder / "c/state") == std::vector<std::string>{"2-1", "3-1"});
}

TEST_CASE("a folder is of one job, and of one coordinator on a host") {
  const support::temporary_folder folder;
  posix_files files;
  {
    auto first = checkpoint_store::open(files, options(folder.path()));
    REQUIRE(first);
    const auto second = checkpoint_store::open(files, options(folder.path()));
    REQUIRE_FALSE(second);
    CHECK(second.error().what == "\"" + folder / "lock-here" +
                                     "\" is locked by the job \"job\", process " +
                                     std::to_string(::getpid()) + " on host here");

    // On another host nothing shows that the first one lives: it is fenced.
    auto elsewhere = checkpoint_store::open(files, options(folder.path(), "job", "there"));
    REQUIRE(elsewhere);
    state_writer writer(files, folder.path(), first->term());
    const auto late = first->complete(checkpoint(writer, 1));
    REQUIRE_FALSE(late);
    CHECK(first->standing() == standing::fenced);
    CHECK(late.error().what == "the checkpoints in \"" + folder.path() +
                                   "\" have been taken over by the job \"job\", process " +
                                   std::to_string(::getpid()) + " on host there");
    CHECK_FALSE(*elsewhere->newest());
  }
  const auto other = checkpoint_store::open(files, options(folder.path(), "other"));
  REQUIRE_FALSE(other);
  CHECK(other.error().what ==
        "\"" + folder.path() + "\" has the checkpoints of the job \"job\", not of \"other\"");
}

TEST_CASE("threads write the states of one checkpoint") {
  const support::temporary_folder folder;
  posix_files files;
  auto store = checkpoint_store::open(files, options(folder.path()));
  REQUIRE(store);
  state_writer writer(files, folder.path(), store->term());
  manifest m;
  m.epoch = 1;
  m.subtasks.resize(8);
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      if (const auto file = writer.write(1, "stage", i, std::string(1000 * i, 'x')))
        m.subtasks[i] = {"stage", i, 8, *file, false, false};
    });
  for (std::thread& t : threads)
    t.join();
  REQUIRE(store->complete(m));
  const auto point = store->newest();
  REQUIRE((point && *point));
  CHECK((*point)->manifest.subtasks == m.subtasks);
}
