#include <leat/connectors/files/input_files.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using leat::input_files;
using list = std::vector<std::string>;

leat::result<void> is_fine(const std::string&) { return {}; }

std::string fault_of(const input_files& files) {
  const auto checked = files.check(is_fine);
  return checked ? "" : checked.error().what;
}

} // namespace

TEST_CASE("input files are paths and patterns, in the order they are given") {
  const support::temporary_folder folder;
  for (const char* name : {"b2.csv", "b10.csv", "B3.csv", "a.csv", "c.txt"})
    folder.write(name, "");
  CHECK(input_files{"x.csv"}.paths() == list{"x.csv"});
  CHECK(input_files{"b", "a"}.paths() == list{"b", "a"});
  CHECK(input_files{{"b", "a"}}.paths() == list{"b", "a"});
  CHECK(input_files{folder / "*.csv"}.paths() ==
        list{folder / "B3.csv", folder / "a.csv", folder / "b10.csv", folder / "b2.csv"});
  CHECK(input_files{list{folder / "c.txt", folder / "b[0-9]*.csv", folder / "?.csv"}}.paths() ==
        list{folder / "c.txt", folder / "b10.csv", folder / "b2.csv", folder / "a.csv"});
  CHECK(fault_of(input_files{folder / "*.csv"}) == "");
}

TEST_CASE("a file whose name looks like a pattern is a file") {
  const support::temporary_folder folder;
  folder.write("a", "");
  CHECK(input_files{folder / "[a]"}.paths() == list{folder / "a"});
  folder.write("[a]", "");
  CHECK(input_files{folder / "[a]"}.paths() == list{folder / "[a]"});
}

TEST_CASE("what is wrong with a list of files is told before they are read") {
  const support::temporary_folder folder;
  folder.write("a.csv", "");
  CHECK(fault_of(input_files{folder / "*.json"}) ==
        "no file matches \"" + folder.path() + "/*.json\"");
  CHECK(input_files{folder / "*.json"}.uses().front().path == folder / "*.json");
  CHECK(fault_of(input_files{list{folder / "none*", folder / "a.csv"}}) ==
        "no file matches \"" + folder.path() + "/none*\"");
  CHECK(fault_of(input_files{list{}}) == "no input files");
  CHECK(fault_of(input_files{list{folder / "a.csv", folder / "*.csv"}}) ==
        "the file \"" + folder.path() + "/a.csv\" is given twice");
  if (::geteuid() != 0) { // root may look into every folder
    std::filesystem::create_directory(folder / "closed");
    std::filesystem::permissions(folder / "closed", std::filesystem::perms::none);
    CHECK(fault_of(input_files{folder / "closed/*"}) ==
          "cannot look up \"" + folder.path() + "/closed/*\": Permission denied");
  }
}

TEST_CASE("the first fault of a file is told, and how many others have one") {
  const auto refuses = [](const std::string& path) -> leat::result<void> {
    if (path == "good")
      return {};
    return leat::user_error(path + " is bad");
  };
  CHECK(input_files{"good"}.check(refuses));
  CHECK(input_files{{"good", "a"}}.check(refuses).error().what == "a is bad");
  CHECK(input_files{{"a", "good", "b", "c"}}.check(refuses).error().what ==
        "a is bad (2 more of the 4 files cannot be read either)");
}

TEST_CASE("a pipe is not opened before the job reads it") {
  const support::temporary_folder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const auto refuses = [](const std::string&) -> leat::result<void> {
    return leat::internal_error("opened");
  };
  CHECK(input_files{folder / "pipe"}.check(refuses));
  CHECK(input_files{"/dev/null"}.check(refuses));
}
