#include <leat/internal/cli/tail_command.hpp>

#include "support/program.hpp"

#include <thread>

using namespace leat;
using namespace support;

namespace {

outcome tail(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "tail");
  return scoring(std::move(arguments));
}

} // namespace

TEST_CASE("the command tail prints published parts in order, and equal head lines once") {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "out.csv");
  folder.write("out.csv/part-1-9.csv", "a,b\n3,4\n");
  folder.write("out.csv/part-0-10.csv", "a,b\n5,6\n");
  folder.write("out.csv/part-0-9.csv", "a,b\n1,2\n");
  folder.write("out.csv/part-0-11.csv", "a,b,c\n7,8,9\n");
  folder.write("out.csv/.part-0-12.csv", "a,b,c\nnot published\n");
  folder.write("out.csv/note.txt", "no part");
  const outcome all = tail({"--output", folder / "out.csv/"});
  CHECK(all.code == exit_done);
  CHECK(all.err.empty());
  CHECK(all.out == "a,b\n1,2\n3,4\n5,6\na,b,c\n7,8,9\n");
}

TEST_CASE("parts of other formats are printed as they are, whatever their bytes") {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "out.pb");
  const std::string large(200'000, '\0');
  folder.write("out.pb/part-0-1.pb", large);
  folder.write("out.pb/part-0-1-1.pb", "b\n");
  folder.write("out.pb/part-0-2.pb", "b\n");
  CHECK(tail({"--output", folder / "out.pb"}).out == large + "b\nb\n");
}

TEST_CASE("a tail goes on with each part that is published, once") {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "out.csv");
  memory_stream to;
  part_tail all(folder / "out.csv", to.get());
  REQUIRE(all.print());
  CHECK(to.text().empty());
  folder.write("out.csv/part-1-1.csv", "a\n1\n");
  REQUIRE(all.print());
  CHECK(to.text() == "a\n1\n");
  folder.write("out.csv/part-0-1.csv", "a\n2\n"); // a subtask that was slower
  folder.write("out.csv/part-1-2.csv", "a\n3\n");
  REQUIRE(all.print());
  CHECK(to.text() == "a\n1\n2\n3\n");
}

TEST_CASE("a tail that follows ends when it is interrupted") {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "out.csv");
  folder.write("out.csv/part-0-1.csv", "a\n1\n");
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    folder.write("part", "a\n2\n");
    std::filesystem::rename(folder / "part", folder / "out.csv/part-0-2.csv");
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
    std::raise(SIGINT);
  });
  const outcome followed = tail({"--output", folder / "out.csv", "--follow"});
  later.join();
  CHECK(followed.code == exit_done);
  CHECK(followed.out == "a\n1\n2\n");
}

TEST_CASE("a tail of what is no folder of parts is refused") {
  const temporary_folder folder;
  const std::string file = folder.write("out.csv", "a\n1\n");
  for (const std::string& path : {file, folder / "none"}) {
    const outcome refused = tail({"--output", path});
    CHECK(refused.code != exit_done);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with("scoring: error: cannot read the folder \"" + path + "\""));
  }
  CHECK(tail({}).code == exit_refused);
}
