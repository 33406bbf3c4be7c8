#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/csv/source.hpp>
#include <leat/internal/checkpoint/checkpoint_store.hpp>
#include <leat/internal/checkpoint/posix_files.hpp>

#include "support/program.hpp"

using namespace leat;
using namespace support;

namespace {

/// Copies the files in/*.csv to the folder "out", with checkpoints.
outcome copying(std::vector<std::string> arguments = {}, const std::string& name = "copying") {
  program p{name, "Copies."};
  p.graph([&name] {
    graph g{name};
    g.from("items", csv_source<counted>{"in/*.csv"}).to("copies", csv_sink<counted>{"out"});
    return g;
  });
  arguments.insert(arguments.begin(), {"run", "--checkpoint-dir", "checkpoints"});
  return outcome_of(p, std::move(arguments));
}

const std::string said =
    "copying: the job in \"checkpoints\" had finished: nothing is left to do\n"
    "  hint: to begin anew, choose another --checkpoint-dir and other outputs, or --restore none, "
    "which publishes everything again\n";

/// A job that has finished, in the current folder.
struct finished_job : scratch_folder {
  finished_job() {
    std::filesystem::create_directory("in");
    folder.write("in/a.csv", "id\n1\n2\n");
    REQUIRE(copying().code == exit_done);
  }
  std::map<std::string, std::string> everything() const { return contents_of(folder.path()); }
};

} // namespace

TEST_CASE("a job that has finished does nothing when it is started again, and says so") {
  const finished_job job;
  const auto before = job.everything();
  for (int starts = 0; starts < 2; ++starts) {
    const outcome again = copying();
    CHECK(again.code == exit_done);
    CHECK(again.err == said);
    CHECK(again.out.empty());
  }
  CHECK(copying({"--log-level", "error"}).err.empty());
  CHECK(job.everything() == before);
}

TEST_CASE("files that were added after the end of a job are named, and not read") {
  const finished_job job;
  job.folder.write("in/b.csv", "id\n3\n");
  auto before = job.everything();
  CHECK(copying().err ==
        said + "copying: items: \"in/b.csv\" is not read: it was added after the end\n");
  CHECK(job.everything() == before);
  job.folder.write("in/c.csv", "id\n4\n");
  CHECK(copying().err == said + "copying: items: 2 files, such as \"in/b.csv\", are not read: they "
                                "were added after the end\n");
  std::filesystem::remove("in/a.csv"); // it is not missed
  CHECK(has(copying().err, "2 files, such as"));
}

TEST_CASE("a job that has finished is run where there is something to do") {
  const finished_job job;
  SECTION("to begin anew") {
    const auto before = job.everything();
    CHECK(copying({"--restore", "none"}).code == exit_done);
    CHECK(job.everything().size() > before.size());
    CHECK(copying().err == said);
  }
  SECTION("if not all may have been published") {
    for (const auto& [path, content] : job.everything())
      if (path.ends_with("/published"))
        std::filesystem::remove(path);
    CHECK(has(copying().err, "continuing from checkpoint"));
    CHECK(copying().err == said);
  }
  SECTION("if its folder has been claimed since") {
    posix_files files;
    CHECK(checkpoint_store::open(files, {.folder = "checkpoints", .job = "copying", .host = "a"}));
    CHECK(has(copying().err, "continuing from checkpoint"));
    CHECK(copying().err == said);
  }
  SECTION("if it is another one, which is refused") {
    const outcome other = copying({}, "other");
    CHECK(other.code == exit_refused);
    CHECK(has(other.err, "has the checkpoints of the job \"copying\""));
    CHECK(copying().err == said);
  }
}
