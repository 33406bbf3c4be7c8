#include <leat/internal/runtime/scratch_files.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/flow.hpp"
#include "support/limits.hpp"

#include <leat/job.hpp>

#include <csignal>

namespace {

using support::item;
using support::temporary_folder;
namespace fs = std::filesystem;

std::string read_from(leat::scratch_file& file, std::size_t size) {
  std::string got = "what was there before";
  const auto read = file.read(size, got);
  return read ? got : to_string(read.error());
}

struct by_number {
  using score_type = float;
  void predict(std::span<const item> rows, std::span<float> scores) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      scores[i] = static_cast<float>(rows[i].number % 97);
  }
};

using scored_items = std::vector<std::pair<std::int64_t, float>>;

struct kept_scores {
  std::shared_ptr<scored_items> to;
  void write(std::span<const leat::scored<item>> all) {
    for (const auto& s : all)
      to->emplace_back(s.record.number, s.score);
  }
};

// Fifty thousand records of 24 bytes, in one pane.
leat::result<leat::job_metrics> run_batch(const leat::run_options& o, scored_items& got) {
  auto to = std::make_shared<scored_items>();
  leat::graph g{"batch"};
  g.from("in", support::given<item>{support::numbered(50'000)})
      .window("pane", leat::batch{})
      .score("score", by_number{})
      .to("out", kept_scores{to});
  auto ended = leat::run(std::move(g), o);
  got = *to;
  return ended;
}

} // namespace

TEST_CASE("a scratch file returns what was written, and has no name") {
  const temporary_folder folder;
  for (const auto& make :
       {leat::scratch_files_in(folder.path()), leat::simulated_scratch_files()}) {
    const auto made = make();
    REQUIRE(made);
    leat::scratch_file& file = **made;
    const std::string large(1'000'000, 'x');
    CHECK(file.append("abc"));
    CHECK(file.append(large));
    CHECK(file.append("def"));
    CHECK(folder.size() == 0);
    CHECK(read_from(file, 2) == "ab");
    CHECK(read_from(file, 1'000'001) == "c" + large);
    CHECK(read_from(file, 4) == "\"" + file.path() + "\" is damaged: it was cut short");
  }
}

TEST_CASE("a scratch file is in the folder of TMPDIR, and else in /var/tmp") {
  const auto folder_used = [] {
    const auto made = leat::scratch_files_in("")();
    REQUIRE(made);
    return fs::path((*made)->path()).parent_path().string();
  };
  const temporary_folder folder;
  const char* const was = std::getenv("TMPDIR");
  const std::string before = was ? was : "";
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  CHECK(folder_used() == folder.path());
  ::unsetenv("TMPDIR");
  CHECK(folder_used() == "/var/tmp");
  if (was)
    ::setenv("TMPDIR", before.c_str(), 1);
}

TEST_CASE("a scratch file in a folder that is not there is an error that names it") {
  const temporary_folder folder;
  const auto made = leat::scratch_files_in(folder / "none")();
  REQUIRE_FALSE(made);
  CHECK(made.error().what.starts_with("cannot write \"" + folder.path() + "/none/leat-batch-"));
  CHECK(made.error().what.ends_with(": there is no folder \"" + folder.path() + "/none\""));
}

TEST_CASE("a job with a batch that exceeds its memory gives the same, and leaves no file") {
  const temporary_folder folder;
  scored_items wanted, got;
  const auto whole = run_batch({}, wanted);
  REQUIRE(whole);
  leat::run_options o;
  o.batch_memory = 64 * 1024;
  o.batch_folder = folder.path();
  const auto spilled = run_batch(o, got);
  REQUIRE(spilled);
  CHECK(got == wanted);
  CHECK(got.size() == 50'000);
  CHECK(whole->stages[1].spilled == 0);
  CHECK(spilled->stages[1].spilled > 40'000);
  CHECK(spilled->stages[1].panes == 1);
  CHECK(folder.size() == 0);
}

TEST_CASE("a disk that is full fails the job, with stage, path and what to do") {
  const temporary_folder folder;
  leat::run_options o;
  o.batch_memory = 64 * 1024;
  o.batch_folder = folder.path();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limited{100'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limited);
  scored_items got;
  const auto ended = run_batch(o, got);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_DFL);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().stage == "pane");
  CHECK(ended.error().what.starts_with("cannot write \"" + folder.path() + "/leat-batch-"));
  CHECK(ended.error().hint.starts_with("free some space, choose another folder by --batch-folder"));
  CHECK(got.empty());
  CHECK(folder.size() == 0);
}

TEST_CASE("a folder for batches that is not there is refused before the start") {
  const temporary_folder folder;
  leat::run_options o;
  o.batch_folder = folder / "none";
  scored_items got;
  const auto ended = run_batch(o, got);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().what ==
        "invalid batch_folder \"" + folder.path() + "/none\": there is no such folder");
}
