// Jobs with checkpoints in a real folder: stopped, started again, refused.
#include <leat/connectors/files/dead_letter_file.hpp>

#include "support/jobs.hpp"

using namespace std::chrono_literals;
using support::item;
using support::temporary_folder;

namespace {

constexpr std::uint64_t records = 5000;

leat::graph counted(const temporary_folder& folder, const std::string& name = "counted") {
  return support::hashed_items(records, folder / "out.csv", name);
}

leat::run_options with_checkpoints(const temporary_folder& folder) {
  return support::with_checkpoints(folder / "checkpoints");
}

std::vector<std::string> published(const temporary_folder& folder) {
  return support::published_lines(folder / "out.csv");
}

} // namespace

TEST_CASE(
    "a job that was stopped goes on from its checkpoint, and one that has ended does nothing") {
  const temporary_folder undisturbed, folder;
  REQUIRE(leat::run(counted(undisturbed), with_checkpoints(undisturbed)));

  std::uint64_t last = 0;
  int starts = 0;
  for (bool stopped = true; stopped; ++starts) {
    leat::run_options o = with_checkpoints(folder);
    o.rate = 20'000;
    auto job = leat::job::start(counted(folder), o);
    REQUIRE(job);
    stopped = !job->wait_for(60ms);
    job->stop();
    REQUIRE(job->wait());
    const auto m = job->metrics();
    REQUIRE(m.checkpoints);
    CHECK(m.checkpoints->last > last);
    last = m.checkpoints->last;
  }
  CHECK(starts > 2);
  CHECK(published(folder) == published(undisturbed));
  CHECK(published(folder).size() == records);

  const auto again = leat::run(counted(folder), with_checkpoints(folder));
  REQUIRE(again);
  CHECK(again->records() == records);
  CHECK(published(folder) == published(undisturbed));
}

namespace {

struct refused_letters {
  using output_type = item;
  leat::result<void> process(const item& i, leat::emitter<item>& out, leat::context&) {
    if (i.number % 3 == 0)
      return leat::user_error(std::string(200, 'x')); // more than is kept in memory
    out(i);
    return {};
  }
};

// Throws in the first attempts, past their first checkpoints.
struct breaking {
  using output_type = item;
  std::shared_ptr<std::atomic<int>> left;
  leat::result<void> process(const item& i, leat::emitter<item>& out, leat::context&) {
    if (i.number % 1500 == 1499 && left->fetch_sub(1) > 0)
      throw std::runtime_error("broken");
    out(i);
    return {};
  }
};

} // namespace

TEST_CASE("dead letters of a job that fails and goes on are kept and counted once") {
  const temporary_folder folder;
  leat::graph g{"counted"};
  g.from("in", support::numbered_items(records))
      .key_by(support::key_of_item)
      .process("refused", refused_letters{})
      .key_by(support::key_of_item)
      .process("breaking", breaking{std::make_shared<std::atomic<int>>(3)})
      .to("out", leat::csv_sink<item>{folder / "out.csv"});
  leat::dead_letter_file letters(folder / "letters");
  leat::run_options o = with_checkpoints(folder);
  o.rate = 20'000;
  o.dead_letters = &letters;
  o.restarts.attempts = 10;
  o.restarts.delay = 1ms;
  o.restarts.poison_after = 0;
  const auto m = leat::run(std::move(g), o);
  REQUIRE(m);
  CHECK(m->restarts == 3);
  CHECK(m->dead_letters == (records + 2) / 3);
  CHECK(m->records() == records);
  std::set<std::string> raws;
  std::istringstream text(support::content_of(letters.path()));
  std::size_t lines = 0;
  for (std::string line; std::getline(text, line); ++lines)
    raws.insert(line.substr(0, line.find("\"id\"")));
  CHECK(lines == (records + 2) / 3);
  CHECK(raws.size() == lines);
  CHECK(published(folder).size() == records - lines);
}

TEST_CASE("a folder of checkpoints is for one job at a time, and for one graph") {
  const temporary_folder folder;
  leat::run_options o = with_checkpoints(folder);
  o.rate = 1000;
  auto job = leat::job::start(counted(folder), o);
  REQUIRE(job);
  const auto second = leat::job::start(counted(folder), with_checkpoints(folder));
  REQUIRE_FALSE(second);
  job->stop();
  REQUIRE(job->wait());
  const auto other = leat::job::start(counted(folder, "other"), with_checkpoints(folder));
  REQUIRE_FALSE(other);

  leat::graph smaller{"counted"};
  smaller
      .from("in", leat::generate(
                      [](std::uint64_t n) {
                        return item{0, static_cast<std::int64_t>(n), 0};
                      },
                      records))
      .to("out", leat::csv_sink<item>{folder / "out.csv"});
  const auto changed = leat::job::start(std::move(smaller), with_checkpoints(folder));
  REQUIRE_FALSE(changed);
  CHECK(changed.error().what.find("is that of another graph: the graph has no stage \"hash\"") !=
        std::string::npos);

  leat::run_options wider = with_checkpoints(folder);
  wider.parallelism = 2;
  auto parallel = leat::job::start(counted(folder), wider);
  REQUIRE(parallel);
  REQUIRE(parallel->wait());
  CHECK(published(folder).size() == records);
}

TEST_CASE("a job whose checkpoints are damaged publishes what it should, or names the file") {
  namespace fs = std::filesystem;
  const temporary_folder undisturbed, stopped;
  REQUIRE(leat::run(counted(undisturbed), with_checkpoints(undisturbed)));
  for (int starts = 0; starts < 2; ++starts) {
    leat::run_options o = with_checkpoints(stopped);
    o.rate = 5000;
    auto job = leat::job::start(counted(stopped), o);
    REQUIRE(job);
    while (job->metrics().checkpoints->completed < 3 && !job->wait_for(1ms)) {
    }
    job->stop();
    REQUIRE(job->wait());
  }
  int refused = 0, ended = 0;
  const auto start_with = [&](const std::string& path, const auto& damage) {
    CAPTURE(path);
    const temporary_folder folder;
    fs::copy(stopped.path(), folder.path(), fs::copy_options::recursive);
    damage(folder / path);
    if (const auto done = leat::run(counted(folder), with_checkpoints(folder)); !done) {
      ++refused;
      CHECK(done.error().what.find(path) != std::string::npos);
      CHECK(published(folder) == published(stopped));
    } else {
      ++ended;
      CHECK(published(folder) == published(undisturbed));
    }
  };
  const auto flip_at = [](double share) {
    return [share](const std::string& path) {
      std::string content = support::content_of(path);
      if (content.empty())
        return;
      content[static_cast<std::size_t>(share * static_cast<double>(content.size() - 1))] ^= 4;
      std::ofstream{path, std::ios::binary} << content;
    };
  };
  for (const auto& f : fs::recursive_directory_iterator{stopped / "checkpoints"}) {
    if (!f.is_regular_file())
      continue;
    const std::string path = fs::relative(f.path(), stopped.path()).string();
    for (const double share : {0.0, 0.3, 0.7, 1.0})
      start_with(path, flip_at(share));
    start_with(path, [](const std::string& p) { fs::resize_file(p, fs::file_size(p) / 2); });
    start_with(path, [](const std::string& p) { fs::remove(p); });
  }
  CHECK(refused > 10);
  CHECK(ended > 10);
}
