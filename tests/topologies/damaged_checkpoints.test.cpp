// A job whose process was killed, and the files of its checkpoints, of which one is damaged at any
// byte, cut short or removed: the job goes on and publishes what it should, from an older
// checkpoint if it says so, or it does not start and names the file.
#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/ledger.hpp"
#include "support/reference.hpp"

#include <leat/testing/simulation.hpp>

using leat::testing::simulated_disk;
using support::item;
using outputs = support::published<item>;

namespace {

// Two records, and a rest, in which a checkpoint has nothing to publish.
struct halting : support::given<item> {
  leat::pull_status pull(std::size_t, leat::emitter<item>& out) {
    auto status = given::pull(2, out);
    return status.is_done() ? status : leat::pull_status::idle(std::chrono::microseconds{400});
  }
};

leat::graph hashed(const std::shared_ptr<outputs>& outside) {
  leat::graph g{"hashed"};
  g.from("in", halting{{support::numbered(24, 3)}}, {}, {1})
      .key_by(support::key_of_item)
      .process("hash", support::chained_hash{})
      .to("out", support::ledger<item>{outside}, {1});
  return g;
}

leat::testing::simulation_options on(simulated_disk& disk) {
  leat::testing::simulation_options o;
  o.disk = &disk;
  o.run.checkpoints.interval = std::chrono::microseconds{100};
  o.run.checkpoints.kept = 2;
  return o;
}

struct killed_job {
  std::map<std::string, std::string> files;
  outputs outside;
  leat::epoch newest = 0;
};

// Killed right after it has completed a checkpoint, with or without outputs that are still to be
// published.
killed_job killed(bool with_outputs) {
  const auto outside = std::make_shared<outputs>();
  simulated_disk disk(1);
  leat::testing::simulation process(hashed(outside), on(disk));
  for (std::uint64_t completed = 0; process.step();) {
    const auto m = *process.metrics().checkpoints;
    const auto last = std::pair{support::output_id{0, m.last}, with_outputs};
    if (std::exchange(completed, m.completed) < m.completed && completed > 4 &&
        outside->prepared.contains(last.first) == with_outputs) {
      REQUIRE_FALSE(outside->committed.contains(last.first));
      process.crash();
      return {disk.files(), *outside, m.last};
    }
  }
  FAIL("the job has ended");
  return {};
}

struct counts {
  int unharmed = 0, fell_back = 0, refused = 0;
};

// What becomes of the job with these files, of which that of this path is damaged.
void start_again(const killed_job& job, const std::map<std::string, std::string>& files,
                 const std::string& path, counts& all) {
  const auto outside = std::make_shared<outputs>(job.outside);
  simulated_disk disk(1, files);
  leat::testing::simulation process(hashed(outside), on(disk));
  const auto ended = process.run();
  if (!ended) {
    ++all.refused;
    CHECK(ended.error().what.find(path) != std::string::npos);
    CHECK(process.steps() == 0);
    CHECK(outside->committed == job.outside.committed);
    return;
  }
  const auto& key = support::key_of_item;
  static const auto undisturbed = support::reference::by_key(
      support::reference::records(support::reference::chained_hash(
          support::reference::source({support::numbered(24, 3)}, support::reference::no_time),
          key)),
      key);
  CHECK(support::reference::by_key(outside->records(), key) == undisturbed);
  const auto& made = *ended->checkpoints;
  CHECK((made.restored == job.newest || !made.passed_over.empty()));
  for (const std::string& why : made.passed_over)
    CHECK(why.find(path) != std::string::npos);
  ++(made.passed_over.empty() ? all.unharmed : all.fell_back);
}

// A manifest has two names: on a disk a flipped bit damages both.
std::vector<std::string> names_of(const killed_job& job, const std::string& path) {
  std::vector<std::string> names;
  for (const auto& [other, content] : job.files)
    if (path.find("/log/") != std::string::npos && content == job.files.at(path))
      names.push_back(other);
  return names;
}

void damage(const killed_job& job, const std::string& path, const std::vector<std::string>& names,
            counts& all) {
  const std::string& content = job.files.at(path);
  auto damaged = job.files;
  const auto with = [&](const std::string& instead) {
    for (const std::string& name : names)
      damaged[name] = instead;
    start_again(job, damaged, path, all);
  };
  for (std::size_t at = 0; at < content.size(); ++at) {
    CAPTURE(at);
    std::string flipped = content;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
    with(flipped);
    if (at % 16 == 0)
      with(content.substr(0, at));
  }
  with(content + '\0');
  if (names.size() > 1)
    return; // without both it is as if the checkpoint had never been complete
  damaged.erase(path);
  start_again(job, damaged, path, all);
}

counts damage_each_file(const killed_job& job) {
  counts all;
  for (const auto& [path, content] : job.files) {
    CAPTURE(path);
    damage(job, path, {path}, all);
    if (const auto names = names_of(job, path); names.size() > 1)
      damage(job, path, names, all);
  }
  return all;
}

} // namespace

TEST_CASE("a job is not started from a damaged checkpoint that may have published") {
  const counts all = damage_each_file(killed(true));
  CHECK(all.refused > 500);
  CHECK(all.unharmed > 500); // older checkpoints, and a manifest whose second name is whole
  CHECK(all.fell_back == 0);
}

TEST_CASE("a job goes on from an older checkpoint, and says so, if a newer one is damaged that has "
          "published nothing") {
  const counts all = damage_each_file(killed(false));
  CHECK(all.fell_back > 500);
  CHECK(all.unharmed > 500);
}
