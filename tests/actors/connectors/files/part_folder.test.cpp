#include <leat/connectors/files/part_writer.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace {

using leat::part_folder;
using leat::part_name;
using leat::sealed_parts;
using support::content_of;
using support::temporary_folder;
namespace fs = std::filesystem;

using writer = leat::part_writer<leat::output_file>;

writer open_writer(const std::string& path, std::uint64_t subtask = 0,
                   std::uint64_t part_bytes = 1000) {
  const part_folder folder(path);
  REQUIRE(folder.open(0));
  return {folder, subtask, part_bytes, "head\n"};
}

sealed_parts sealed(writer& w, leat::epoch n, const std::string& text) {
  REQUIRE(w.append(text));
  const auto parts = w.seal(n);
  REQUIRE(parts);
  REQUIRE(*parts);
  return **parts;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{folder})
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace

TEST_CASE("a part is hidden until it is published, and then stays as it is") {
  const temporary_folder folder;
  const std::string path = folder / "out.csv";
  writer w = open_writer(path, 2);
  CHECK(w.append("a\n"));
  CHECK(names_in(path) == std::vector{".part.partial-" + std::to_string(::getpid()) + "-0"});
  const auto parts = sealed(w, 17, "b\n");
  CHECK(names_in(path) == std::vector<std::string>{".part-2-17.csv"});
  CHECK((*w.folder().parts()).empty());
  for (int times = 0; times < 2; ++times) {
    CHECK(part_folder(path).publish(parts));
    CHECK(names_in(path) == std::vector<std::string>{"part-2-17.csv"});
    CHECK(content_of(path + "/part-2-17.csv") == "head\na\nb\n");
  }
  CHECK(*w.folder().parts() == std::vector{part_name{17, 2, 0}});
}

TEST_CASE("an epoch without records has no part") {
  const temporary_folder folder;
  writer w = open_writer(folder / "out");
  CHECK(w.append(""));
  const auto parts = w.seal(1);
  REQUIRE(parts);
  CHECK(!*parts);
  CHECK(names_in(folder / "out").empty());
}

TEST_CASE("a part that is full is followed by another one of its epoch") {
  const temporary_folder folder;
  writer w = open_writer(folder / "out", 0, 12);
  for (const char* text : {"123456\n", "123\n", "4\n"})
    CHECK(w.append(text));
  const auto parts = sealed(w, 5, "5\n");
  CHECK(parts.count == 2);
  CHECK(w.folder().publish(parts));
  CHECK(content_of(folder / "out/part-0-5") == "head\n123456\n");
  CHECK(content_of(folder / "out/part-0-5-1") == "head\n123\n4\n5\n");
  CHECK(w.folder().publish(sealed(w, 6, "6\n")));
  CHECK(content_of(folder / "out/part-0-6") == "head\n6\n");
}

TEST_CASE("publishing goes on wherever it was interrupted") {
  for (const int links : {0, 1, 2})
    for (const int unlinks : {0, 1, 2}) {
      if (unlinks > 0 && links < 2)
        continue;
      const temporary_folder folder;
      writer w = open_writer(folder / "out", 0, 1);
      REQUIRE(w.append("a\n"));
      const auto parts = sealed(w, 1, "b\n");
      const std::vector<part_name> all{{1, 0, 0}, {1, 0, 1}};
      for (int i = 0; i < links; ++i)
        fs::create_hard_link(w.folder().sealed(all[i]), w.folder().published(all[i]));
      for (int i = 0; i < unlinks; ++i)
        fs::remove(w.folder().sealed(all[i]));
      CHECK(w.folder().publish(parts));
      CHECK(names_in(folder / "out") == std::vector<std::string>{"part-0-1", "part-0-1-1"});
    }
}

TEST_CASE("no part replaces another file, and one that is gone is an error") {
  const temporary_folder folder;
  writer w = open_writer(folder / "out");
  const auto parts = sealed(w, 1, "a\n");
  folder.write("out/part-0-1", "head\nb\n");
  const auto done = w.folder().publish(parts);
  REQUIRE(!done);
  CHECK(done.error().what ==
        "cannot publish \"" + (folder / "out/part-0-1") + "\": another file has that name");
  CHECK(content_of(folder / "out/part-0-1") == "head\nb\n");
  CHECK(content_of(folder / "out/.part-0-1") == "head\na\n");

  folder.write("out/part-0-1", "head\na\n"); // a copy of the folder has no links
  CHECK(w.folder().publish(parts));
  CHECK(names_in(folder / "out") == std::vector<std::string>{"part-0-1"});

  fs::remove(folder / "out/part-0-1");
  const auto gone = w.folder().publish(parts);
  REQUIRE(!gone);
  CHECK(gone.error().what == "cannot publish \"" + (folder / "out/part-0-1") + "\": \"" +
                                 (folder / "out/.part-0-1") + "\" is gone");
}

TEST_CASE("sealed parts of the subtasks that one goes on for are discarded") {
  const temporary_folder folder;
  const std::string path = folder / "out.csv";
  for (std::uint64_t subtask = 0; subtask < 5; ++subtask) {
    writer w = open_writer(path, subtask);
    (void)sealed(w, 1, "a\n");
  }
  writer w = open_writer(path);
  CHECK(w.folder().publish({1, 3, 1}));
  folder.write("out.csv/.part-3-1.json", "of another extension");
  folder.write("out.csv/.hidden", "");
  CHECK(w.append("b\n")); // which is being written
  CHECK(w.folder().discard(1, 2));
  CHECK(names_in(path) == std::vector<std::string>{
                              ".hidden", ".part-0-1.csv", ".part-2-1.csv", ".part-3-1.json",
                              ".part-4-1.csv", ".part.partial-" + std::to_string(::getpid()) + "-0",
                              "part-3-1.csv"});
}

TEST_CASE("a file in place of the folder, or parts of another run, are told before the start") {
  const temporary_folder folder;
  const std::string path = folder.write("out.csv", "old");
  const auto checked = part_folder(path).check();
  REQUIRE(!checked);
  CHECK(checked.error().what == "cannot write parts into \"" + path + "\": it is not a folder");
  CHECK(!part_folder(path).open(0));
  CHECK(!part_folder(folder / "none/out").check());

  CHECK(part_folder(folder / "new/").check());
  CHECK(folder.size() == 1); // the check leaves nothing
  CHECK(part_folder(folder / "new/").open(0));
  CHECK(part_folder(folder / "new").check());
  folder.write("new/part-1-7", "");
  CHECK(part_folder(folder / "new").open(7));
  const auto foreign = part_folder(folder / "new").open(6);
  REQUIRE(!foreign);
  CHECK(foreign.error().what == "cannot write parts into \"" + (folder / "new") +
                                    "\": it holds \"part-1-7\", which this job has not written");
}

TEST_CASE("what killed processes were writing is removed, and what is sealed stays") {
  const temporary_folder folder;
  writer w = open_writer(folder / "out");
  (void)sealed(w, 1, "a\n");
  CHECK(w.append("b\n"));
  folder.write("out/.part.partial-1-0", "left");
  CHECK(w.folder().remove_leftovers() == std::vector{folder / "out/.part.partial-1-0"});
  CHECK(names_in(folder / "out").size() == 2);
}
