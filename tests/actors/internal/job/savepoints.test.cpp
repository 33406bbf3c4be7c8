// Savepoints of real jobs, and jobs that go on from a path.
#include "support/jobs.hpp"
#include "support/program.hpp"

#include <thread>

using namespace std::chrono_literals;
using support::published_lines;
using support::temporary_folder;

namespace {

constexpr std::uint64_t records = 3000;

leat::graph counted(const std::string& output, const std::string& name = "counted") {
  return support::hashed_items(records, output, name);
}

leat::run_options with_checkpoints(const std::string& folder, std::string from = {}) {
  leat::run_options o = support::with_checkpoints(folder);
  o.checkpoints.kept = 1;
  o.checkpoints.restore_from = std::move(from);
  return o;
}

std::vector<std::string> undisturbed() {
  const temporary_folder folder;
  REQUIRE(leat::run(counted(folder / "out.csv"), with_checkpoints(folder / "checkpoints")));
  return published_lines(folder / "out.csv");
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  return a;
}

std::string what_of(const auto& r) { return r ? "" : r.error().what; }

// A job that has published some of its output and takes its time for the rest.
leat::job begun(const temporary_folder& folder) {
  leat::run_options o = with_checkpoints(folder / "checkpoints");
  o.rate = 300;
  auto job = leat::job::start(counted(folder / "out.csv"), o);
  REQUIRE(job);
  while (job->metrics().records() < 100 || job->metrics().checkpoints->completed < 3)
    std::this_thread::sleep_for(2ms);
  return std::move(*job);
}

} // namespace

TEST_CASE("a savepoint of a running job goes on elsewhere, and nothing else of the job is needed") {
  const temporary_folder folder;
  leat::job job = begun(folder);
  const auto made = job.savepoint("half");
  REQUIRE(made);
  CHECK(*made == folder / "checkpoints/savepoints/half");
  CHECK(what_of(job.savepoint("half")) == "there is a savepoint \"" + *made + "\"");
  CHECK(what_of(job.savepoint("../half")) == "\"../half\" cannot be the name of a savepoint");
  const leat::epoch then = job.metrics().checkpoints->last;
  while (job.metrics().checkpoints->last < then + 3) // later epochs are published too
    std::this_thread::sleep_for(2ms);
  job.stop();
  REQUIRE(job.wait());

  std::filesystem::rename(*made, folder / "moved");
  std::filesystem::remove_all(folder / "checkpoints");
  const auto before = support::contents_of(folder / "moved");
  CHECK(what_of(leat::run(counted(folder / "out.csv"),
                          with_checkpoints(folder / "next", folder / "moved")))
            .find("which this job has not written") != std::string::npos);
  const auto done = leat::run(counted(folder / "other.csv"),
                              with_checkpoints(folder / "next", folder / "moved/"));
  REQUIRE(done);
  const leat::epoch at = done->checkpoints->restored;
  CHECK(at > 0);
  CHECK(done->checkpoints->last > at);
  CHECK(done->records() == records);
  CHECK_FALSE(published_lines(folder / "other.csv").empty());
  CHECK(published_lines(folder / "out.csv", at).size() < records);
  CHECK(joined(published_lines(folder / "out.csv", at), published_lines(folder / "other.csv")) ==
        undisturbed());
  CHECK(support::contents_of(folder / "moved") == before);
}

TEST_CASE("a job that stops with a savepoint has published what that lists") {
  const temporary_folder folder;
  leat::job job = begun(folder);
  const auto made = job.stop_with_savepoint("end");
  REQUIRE(made);
  REQUIRE(job.wait());
  CHECK(what_of(job.savepoint("late")) == "no attempt of the job is running");

  const auto first = published_lines(folder / "out.csv");
  REQUIRE_FALSE(first.empty());
  REQUIRE(first.size() < records);
  std::filesystem::remove_all(folder / "out.csv"); // they were read, and are not needed any more
  REQUIRE(leat::run(counted(folder / "out.csv"), with_checkpoints(folder / "next", *made)));
  CHECK(joined(first, published_lines(folder / "out.csv")) == undisturbed());
}

TEST_CASE("a job goes on from the checkpoints of another folder, or from one of them") {
  const temporary_folder folder;
  leat::job job = begun(folder);
  job.stop();
  REQUIRE(job.wait());
  const auto first = published_lines(folder / "out.csv");
  REQUIRE(first.size() < records);
  const auto before = support::contents_of(folder / "checkpoints");
  std::string one;
  for (const auto& f : std::filesystem::directory_iterator{folder / "checkpoints/state"})
    one = f.path().string();

  for (const std::string& from : {folder / "checkpoints", one}) {
    const std::string next = from == one ? folder / "next" : folder / "newest";
    const std::string output = from == one ? folder / "one.csv" : folder / "newest.csv";
    std::filesystem::copy(folder / "out.csv", output);
    REQUIRE(leat::run(counted(output), with_checkpoints(next, from)));
    CHECK(published_lines(output) == undisturbed());
    CHECK(what_of(leat::run(counted(output), with_checkpoints(next, from))) ==
          "\"" + next + "\" holds checkpoints already, which \"" + from + "\" would replace");
    REQUIRE(leat::run(counted(output), with_checkpoints(next))); // it has finished
    CHECK(published_lines(output).size() == records);
  }
  CHECK(support::contents_of(folder / "checkpoints") == before);
}

TEST_CASE("what is no checkpoint of the job is refused, and its new folder can be used again") {
  const temporary_folder folder;
  REQUIRE(leat::run(counted(folder / "out.csv"), with_checkpoints(folder / "checkpoints")));
  const auto refused = [&](const std::string& from, const std::string& name = "counted") {
    return what_of(
        leat::run(counted(folder / "out.csv", name), with_checkpoints(folder / "next", from)));
  };
  CHECK(refused(folder / "absent") == "there is no checkpoint in \"" + (folder / "absent") + "\"");
  CHECK(refused(folder / "checkpoints", "other") ==
        "\"" + (folder / "checkpoints") +
            "\" is a checkpoint of the job \"counted\", not of \"other\"");
  std::filesystem::create_directory(folder / "bad");
  std::ofstream(folder / "bad/manifest") << "nothing";
  CHECK(refused(folder / "bad") ==
        "\"" + (folder / "bad/manifest") + "\" is damaged: its head is not one of the log");
  CHECK(refused(folder / "checkpoints").empty());
}

TEST_CASE("a running program is asked for savepoints through its folder of checkpoints") {
  const temporary_folder folder;
  const auto program = [&] {
    leat::program p{"counted", "Counts."};
    p.graph([&] { return counted(folder / "out.csv"); });
    return p;
  };
  const std::string dir = folder / "checkpoints";
  support::outcome ran;
  std::thread running([&] {
    leat::program p = program();
    ran = support::outcome_of(p, {"run", "--checkpoint-dir", dir, "--checkpoint-interval", "10ms",
                                  "--rate", "300", "--progress", "off"});
  });
  while (!std::filesystem::exists(dir + "/state"))
    std::this_thread::sleep_for(5ms);
  const auto ask = [&](const std::string& name, std::vector<std::string> more = {}) {
    leat::program p = program();
    std::vector<std::string> all{"savepoint", "--checkpoint-dir", dir, "--name", name};
    all.insert(all.end(), more.begin(), more.end());
    return support::outcome_of(p, all);
  };
  support::outcome first = ask("first");
  while (first.err.find("older than the job") != std::string::npos) // it had just begun
    first = ask("first");
  CHECK(first.code == 0);
  CHECK(first.out == dir + "/savepoints/first\n");
  CHECK(ask("first").err.find("there is a savepoint") != std::string::npos);
  const auto last = ask("last", {"--stop"});
  running.join();
  CHECK(last.code == 0);
  CHECK(ran.code == 0);
  CHECK(ran.err.find("savepoint: " + dir + "/savepoints/last") != std::string::npos);
  const auto published = published_lines(folder / "out.csv");
  CHECK(published.size() < records);

  leat::program p = program();
  CHECK(support::outcome_of(p, {"run", "--checkpoint-dir", folder / "next", "--restore",
                                dir + "/savepoints/last", "--progress", "off"})
            .code == 0);
  CHECK(published_lines(folder / "out.csv") == undisturbed());
}
