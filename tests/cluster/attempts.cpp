// Jobs of several attempts, each with worker processes of its own: what comes of them is what comes
// of an undisturbed run.
#include <leat/internal/cluster/worker.hpp>
#include <leat/internal/job/job_runner.hpp>

#include "support/many_stages.hpp"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <random>

namespace {

constexpr std::int64_t records = 600;
constexpr std::uint64_t cases = 6;
constexpr const char* folder_variable = "LEAT_TEST_FOLDER"; // workers inherit these
constexpr const char* seed_variable = "LEAT_TEST_SEED";

// The same in all processes of a job.
struct attempts_case {
  std::string folder;
  std::string out;
  leat::run_options options;
  support::planted_fault fault;
  support::fault_place where;
  int faults;

  attempts_case(std::string in, std::uint64_t seed)
      : folder(std::move(in)), out(folder + "/out.jsonl") {
    std::mt19937_64 random(seed);
    options.parallelism = 1 + random() % 3;
    options.local_workers = 1 + random() % 2;
    options.workers = 2;
    fault = {folder, static_cast<std::int64_t>(random() % records), random() % 2 == 0};
    where = fault.kills ? support::fault_place::operation // which is in a worker
                        : static_cast<support::fault_place>(random() % support::fault_places);
    faults = 1 + static_cast<int>(random() % 2);
  }
  leat::graph graph() const { return support::many_stages(records, out, fault, where); }
};

std::string content_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string wrong_with(const attempts_case& c, const std::string& expected) {
  c.fault.plant(c.faults);
  std::uint64_t failed = 0;
  auto job = leat::job_runner::start(
      c.graph(), c.options,
      [&](std::uint64_t term, const leat::job_outcome&) -> std::optional<std::chrono::nanoseconds> {
        failed = term;
        if (term < 10)
          return std::chrono::nanoseconds{0};
        return {};
      });
  if (!job)
    return "it did not start: " + to_string(job.error());
  if (const auto done = (*job)->wait(); !done)
    return "it failed: " + to_string(done.error());
  if (failed != static_cast<std::uint64_t>(c.faults))
    return fmt::format("{} attempts failed", failed);
  if ((*job)->metrics().records() != records)
    return fmt::format("the last attempt read {} records", (*job)->metrics().records());
  job->reset();
  if (content_of(c.out) != expected)
    return "the output is another";
  std::filesystem::remove(c.out);
  if (!std::filesystem::is_empty(c.folder))
    return "something is left in " + c.folder;
  return {};
}

int run_cases(const std::string& folder) {
  leat::run_options alone;
  const std::string undisturbed = folder + "/undisturbed";
  if (!leat::run(support::many_stages(records, undisturbed, {}, {}), alone))
    return 1;
  const std::string expected = content_of(undisturbed);
  std::filesystem::remove(undisturbed);
  for (std::uint64_t seed = 1; seed <= cases; ++seed) {
    ::setenv(seed_variable, std::to_string(seed).c_str(), 1);
    const attempts_case c(folder, seed);
    if (const std::string wrong = wrong_with(c, expected); !wrong.empty()) {
      fmt::print(stderr, "seed {} ({} faults in place {} at {}, {} workers): {}\n", seed, c.faults,
                 static_cast<int>(c.where), c.fault.at, c.options.local_workers, wrong);
      return 1;
    }
  }
  return 0;
}

} // namespace

int main() {
  if (const auto order = leat::worker_invitation::of_this_process()) {
    const attempts_case c(std::getenv(folder_variable),
                          std::strtoull(std::getenv(seed_variable), nullptr, 10));
    return leat::run_worker(c.graph(), c.options, leat::role_of(*order), [](std::string) {}) ? 0
                                                                                             : 1;
  }
  std::string folder = (std::filesystem::temp_directory_path() / "leat-test-XXXXXX").string();
  if (!::mkdtemp(folder.data()))
    return 1;
  ::setenv(folder_variable, folder.c_str(), 1);
  const int code = run_cases(folder);
  std::filesystem::remove_all(folder);
  return code;
}
