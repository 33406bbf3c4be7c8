#include <leat/connectors/files/output_file.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <rapidcheck.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using leat::output_file;
using support::content_of;
using support::temporary_folder;
namespace fs = std::filesystem;

/// Limits the size of files for as long as it lives, which is like a disk that is full.
struct file_size_limit {
  explicit file_size_limit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limited{bytes, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, SIG_DFL);
  }
  rlimit before{};
};

} // namespace

TEST_CASE("a file has its name only when it is complete") {
  const temporary_folder folder;
  const std::string path = folder.path() + "/out.csv";
  auto file = output_file::create(path);
  REQUIRE(file);
  CHECK(file->append("a\n"));
  CHECK(file->append("b\n"));
  CHECK(file->flush());
  CHECK(!fs::exists(path));
  CHECK(file->temporary_path().starts_with(path + ".partial-" + std::to_string(::getpid())));
  CHECK(content_of(file->temporary_path()) == "a\nb\n");
  CHECK(file->append("c\n"));
  CHECK(file->complete());
  CHECK(content_of(path) == "a\nb\nc\n");
  CHECK(folder.size() == 1);

  CHECK(!file->append("d\n"));
  CHECK(!file->flush());
  CHECK(!file->complete());
  CHECK(content_of(path) == "a\nb\nc\n");
}

TEST_CASE("what is appended is what the file holds, in pieces of any size") {
  const temporary_folder folder;
  const std::string path = folder.path() + "/out";
  CHECK(rc::check([&] {
    auto file = output_file::create(path);
    RC_ASSERT(static_cast<bool>(file));
    std::string expected;
    for (int i = 0, pieces = *rc::gen::inRange(0, 8); i < pieces; ++i) {
      const std::string piece(*rc::gen::element<std::size_t>(0, 1, 1000, 256 * 1024 - 1, 256 * 1024,
                                                             256 * 1024 + 1, 700'000),
                              static_cast<char>('a' + i));
      RC_ASSERT(static_cast<bool>(file->append(piece)));
      expected += piece;
    }
    RC_ASSERT(static_cast<bool>(file->complete()));
    RC_ASSERT(content_of(path) == expected);
  }));
}

TEST_CASE("a file that is not completed leaves nothing, and what was there stays") {
  const temporary_folder folder;
  const std::string path = folder.path() + "/out.csv";
  std::ofstream{path} << "old";
  {
    auto file = output_file::create(path);
    REQUIRE(file);
    CHECK(file->append(std::string(1'000'000, 'x')));
    CHECK(folder.size() == 2);
  }
  CHECK(folder.size() == 1);
  CHECK(content_of(path) == "old");

  auto file = output_file::create(path);
  REQUIRE(file);
  CHECK(file->append("new"));
  CHECK(file->complete());
  CHECK(content_of(path) == "new");
}

TEST_CASE("two files for one target, and leftovers, do not touch each other") {
  const temporary_folder folder;
  const std::string path = folder.path() + "/out";
  auto first = output_file::create(path);
  auto second = output_file::create(path);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->temporary_path() != second->temporary_path());
  CHECK(first->append("first"));
  CHECK(second->append("second"));
  CHECK(second->complete());
  CHECK(content_of(path) == "second");
  CHECK(first->complete());
  CHECK(content_of(path) == "first");
}

TEST_CASE("a symbolic link stays, and leads to the new file") {
  const temporary_folder folder;
  std::ofstream{folder.path() + "/real"} << "old";
  fs::create_symlink("real", folder.path() + "/link");
  auto file = output_file::create(folder.path() + "/link");
  REQUIRE(file);
  CHECK(file->append("new"));
  CHECK(file->complete());
  CHECK(fs::is_symlink(folder.path() + "/link"));
  CHECK(content_of(folder.path() + "/real") == "new");
}

TEST_CASE("a symbolic link that leads to nothing stays, and the file is made where it leads") {
  const temporary_folder folder;
  fs::create_directory(folder / "sub");
  fs::create_symlink("sub/real", folder / "link");
  auto file = output_file::create(folder / "link");
  REQUIRE(file);
  CHECK(file->append("new"));
  CHECK(file->complete());
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(content_of(folder / "sub/real") == "new");
  fs::create_symlink("none/real", folder / "nowhere");
  const auto none = output_file::create(folder / "nowhere");
  REQUIRE_FALSE(none);
  CHECK(none.error().what == "cannot write \"" + (folder / "none/real") +
                                 "\": there is no folder \"" + (folder / "none") + "\"");
}

TEST_CASE("a prepared file is not visible until it is committed") {
  const temporary_folder folder;
  const std::string path = folder / "out";
  {
    auto dropped = output_file::create(path);
    REQUIRE(dropped);
    CHECK(dropped->append("a"));
    CHECK(dropped->prepare());
    CHECK(!fs::exists(path));
  }
  CHECK(folder.size() == 0);
  auto file = output_file::create(path);
  REQUIRE(file);
  CHECK(file->append("b"));
  CHECK(file->prepare());
  CHECK(file->commit());
  CHECK(content_of(path) == "b");
}

TEST_CASE("what a killed process left is removed, and only that") {
  const temporary_folder folder;
  const std::string path = folder / "out";
  auto mine = output_file::create(path);
  REQUIRE(mine);
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto theirs = output_file::create(path);
    const char said = theirs && theirs->append("x") && theirs->flush() ? 'y' : 'n';
    (void)!::write(ready[1], &said, 1);
    ::pause();
  }
  char said = 0;
  REQUIRE(::read(ready[0], &said, 1) == 1);
  REQUIRE(said == 'y');
  CHECK(folder.size() == 2);
  CHECK(output_file::remove_leftovers(path).empty()); // both live
  CHECK(folder.size() == 2);
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  folder.write("out.partial", "not ours");
  folder.write("outer.partial-1-0", "of another target");
  const auto removed = output_file::remove_leftovers(path);
  REQUIRE(removed.size() == 1);
  CHECK(removed[0] == path + ".partial-" + std::to_string(child) + "-0");
  CHECK(folder.size() == 3);
  CHECK(mine->append("mine"));
  CHECK(mine->complete());
  CHECK(content_of(path) == "mine");
  ::close(ready[0]), ::close(ready[1]);
}

TEST_CASE("a target that cannot be is refused at once, by name") {
  const temporary_folder folder;
  const auto what = [](const std::string& path) {
    const auto file = output_file::create(path);
    return file ? "" : file.error().what;
  };
  CHECK(what(folder.path() + "/none/out") == "cannot write \"" + folder.path() +
                                                 "/none/out\": there is no folder \"" +
                                                 folder.path() + "/none\"");
  std::ofstream{folder.path() + "/file"} << "x";
  CHECK(what(folder.path() + "/file/out") == "cannot write \"" + folder.path() + "/file/out\": \"" +
                                                 folder.path() + "/file\" is not a folder");
  CHECK(what(folder.path()) == "cannot write \"" + folder.path() + "\": it is a folder");
  CHECK(what("/dev/null") == "cannot write \"/dev/null\": it is not a regular file");
  CHECK(what("") == "cannot write \"\": it names no file");
  CHECK(what(folder.path() + "/new/") ==
        "cannot write \"" + folder.path() + "/new/\": it names no file");
  if (::geteuid() != 0) { // root may write everywhere
    fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
    CHECK(what(folder.path() + "/out") ==
          "cannot write \"" + folder.path() + "/out\": permission denied");
    fs::permissions(folder.path(), fs::perms::owner_all);
  }
}

TEST_CASE("a write that fails is final and leaves nothing") {
  const temporary_folder folder;
  const std::string path = folder.path() + "/out";
  {
    auto file = output_file::create(path);
    REQUIRE(file);
    const file_size_limit limit{300'000};
    const std::string piece(100'000, 'x');
    leat::result<void> appended;
    for (int i = 0; i < 10 && appended; ++i)
      appended = file->append(piece);
    REQUIRE(!appended);
    CHECK(appended.error().what ==
          "cannot write \"" + path + "\": the file is larger than the system allows");
    CHECK(!file->append("x"));
    CHECK(!file->flush());
    CHECK(file->complete().error().what == appended.error().what);
  }
  CHECK(folder.size() == 0);
}

TEST_CASE("a folder that vanishes fails the completion") {
  const temporary_folder folder;
  fs::create_directory(folder.path() + "/sub");
  auto file = output_file::create(folder.path() + "/sub/out");
  REQUIRE(file);
  CHECK(file->append("x"));
  fs::remove_all(folder.path() + "/sub");
  CHECK(file->complete().error().what == "cannot write \"" + folder.path() +
                                             "/sub/out\": there is no folder \"" + folder.path() +
                                             "/sub\"");
}

TEST_CASE("a file can be moved while it is written") {
  const temporary_folder folder;
  const std::string path = folder.path() + "/out";
  auto created = output_file::create(path);
  REQUIRE(created);
  CHECK(created->append("a"));
  output_file moved = std::move(*created);
  CHECK(moved.append("b"));
  auto other = output_file::create(folder.path() + "/other");
  REQUIRE(other);
  *other = std::move(moved); // gives up the other file
  CHECK(folder.size() == 1);
  CHECK(other->complete());
  CHECK(content_of(path) == "ab");
  CHECK(folder.size() == 1);
}
