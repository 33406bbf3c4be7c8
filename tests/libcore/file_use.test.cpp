#include <leat/file_use.hpp>

#include "support/files.hpp"

using leat::canonical_path;
namespace fs = std::filesystem;

TEST_CASE("paths are compared by where they lead") {
  const support::temporary_folder folder;
  const std::string real = folder / "real";
  CHECK(canonical_path(real) == real); // need not exist
  CHECK(canonical_path(folder / "a/../real") == real);
  folder.write("real", "x");
  CHECK(canonical_path(folder / "./real") == real);
  CHECK(canonical_path(fs::relative(real).string()) == real);
  fs::create_symlink("real", folder / "link");
  fs::create_symlink(folder / "link", folder / "twice");
  CHECK(canonical_path(folder / "twice") == real);
  fs::create_directory(folder / "sub");
  fs::create_directory_symlink("sub", folder / "folder");
  CHECK(canonical_path(folder / "folder/../folder/x") == folder / "sub/x");
}

TEST_CASE("a link that leads to nothing yet leads to where the file will be") {
  const support::temporary_folder folder;
  fs::create_symlink("later", folder / "link");
  CHECK(canonical_path(folder / "link") == folder / "later");
  fs::create_symlink("circle", folder / "circle");
  CHECK(canonical_path(folder / "circle") == folder / "circle");
}
