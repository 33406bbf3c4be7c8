#include <leat/states/rocksdb.hpp>

#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/files/part_folder.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/job.hpp>

#include "support/cold_operations.hpp"
#include "support/files.hpp"
#include "support/flow.hpp"

#include <fstream>
#include <thread>

using namespace std::chrono_literals;
using support::item;
using support::temporary_folder;

namespace {

constexpr std::uint64_t little = 8ULL << 20U;

std::size_t entries(const std::string& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    count += entry.is_directory();
  return count;
}

// As a checkpoint does: complete files by links, others by their content.
support::keep_files keeper(const std::string& in) {
  return [in, n = 0](const leat::stored_files& files) mutable {
    const std::string folder = in + "/kept-" + std::to_string(++n);
    std::filesystem::create_directories(folder);
    std::vector<leat::stored_file> kept;
    for (const leat::stored_file& f : files.all()) {
      const std::string path = folder + '/' + f.name;
      if (f.path.empty())
        std::ofstream(path, std::ios::binary) << f.content;
      else
        std::filesystem::create_hard_link(f.path, path);
      kept.push_back({f.name, path});
    }
    return kept;
  };
}

// --- jobs ---------------------------------------------------------------------------------------

constexpr std::uint64_t records = 4000;
constexpr double rate = 500; // a job that is to be stopped does not end before

/// A value, a list and timers for each key. With Wider, another state.
template <bool Wider>
struct remembering {
  using output_type = item;
  leat::value_state<std::int64_t> sum;
  leat::list_state<std::string> names;
  leat::value_state<bool> added;
  leat::timer wake;

  void open(leat::setup& setup) {
    sum = setup.value<std::int64_t>("sum");
    names = setup.list<std::string>("names");
    if (Wider)
      added = setup.value<bool>("added");
    wake = setup.timer("wake");
  }
  void process(const item& i, leat::emitter<item>& out, leat::event_context& ctx) {
    auto& list = ctx.edit(names);
    list.push_back(std::string(50, 'x'));
    if (list.size() > 4)
      list.clear();
    ctx.edit(sum) += i.number;
    if (i.number % 3 == 0)
      ctx.set(wake, leat::from_seconds(i.number + 700));
    out({i.key, i.number, ctx.get(sum) + static_cast<std::int64_t>(ctx.get(names).size())});
  }
  void on_timer(const std::int64_t& key, const leat::timer&, leat::emitter<item>& out,
                leat::event_context& ctx) {
    out({key, -1, ctx.get(sum)});
    ctx.erase(sum);
  }
};

template <bool Wider = false>
leat::graph remembered(const std::string& output) {
  leat::graph g{"remembered"};
  g.from("in",
         leat::generate(
             [](std::uint64_t n) {
               const auto number = static_cast<std::int64_t>(n);
               return item{number * 7919 % 1500, number, 0};
             },
             records),
         leat::event_time_by{[](const item& i) { return leat::from_seconds(i.number); }})
      .key_by(support::key_of_item)
      .process("states", remembering<Wider>{})
      .to("out", leat::csv_sink<item>{output});
  return g;
}

leat::run_options with_checkpoints(const temporary_folder& folder, std::size_t parallelism = 2) {
  leat::run_options o;
  o.parallelism = parallelism;
  o.checkpoints.folder = folder / "checkpoints";
  o.checkpoints.interval = 20ms;
  o.checkpoints.kept = 2;
  return o;
}

leat::run_options in_rocksdb(const temporary_folder& folder, std::size_t parallelism = 2) {
  leat::run_options o = with_checkpoints(folder, parallelism);
  o.states = leat::rocksdb_states(folder / "work", 300'000);
  return o;
}

std::vector<std::string> lines_of(const std::string& output) {
  std::vector<std::string> lines;
  const leat::part_folder folder(output);
  const auto parts = folder.parts();
  REQUIRE(parts);
  for (const leat::part_name& part : *parts) {
    std::istringstream text(support::content_of(folder.published(part)));
    std::string line;
    for (bool head = true; std::getline(text, line); head = false)
      if (!head)
        lines.push_back(line);
  }
  std::ranges::sort(lines);
  return lines;
}

std::vector<std::string> in_memory() {
  const temporary_folder folder;
  REQUIRE(leat::run(remembered(folder / "out.csv"), with_checkpoints(folder)));
  return lines_of(folder / "out.csv");
}

/// Runs it until it has made some checkpoints, and stops it.
void begin(const temporary_folder& folder, leat::run_options o) {
  o.rate = rate;
  auto job = leat::job::start(remembered(folder / "out.csv"), std::move(o));
  REQUIRE(job);
  const std::uint64_t before = job->metrics().records();
  while (job->metrics().records() < before + 150 || job->metrics().checkpoints->completed < 2)
    std::this_thread::sleep_for(2ms);
  job->stop();
  REQUIRE(job->wait());
}

std::vector<std::string> tables_in(const std::string& folder) {
  std::vector<std::string> tables;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".sst")
      tables.push_back(entry.path());
  return tables;
}

template <class T>
std::string error_of(const leat::result<T>& r) {
  return r ? "" : r.error().what;
}

} // namespace

TEST_CASE("states in RocksDB are those in memory") {
  support::for_seeds(4, [](support::dice roll) {
    const temporary_folder folder;
    const auto backend = leat::rocksdb_states(folder / "work", 400'000);
    support::cold_operations<std::string>(roll, *backend, keeper(folder.path()), [](int n) {
      return "key " + std::to_string(n);
    }).run(2000);
  });
}

TEST_CASE("what is not there is not found, and a walk sees a group in its moment") {
  const temporary_folder folder;
  const auto store = leat::rocksdb_states(folder / "work", little)->open("a/b", {});
  store->write({{"a1", "one"}, {"a2", "two"}, {"b1", "three"}});
  store->write({{"a2", {}}, {"a3", ""}});
  std::string value;
  CHECK((store->get("a1", value) && value == "one"));
  CHECK_FALSE(store->get("a2", value));
  CHECK((store->get("a3", value) && value.empty()));
  std::string seen;
  store->walk("a", [&](std::string_view key, std::string_view) {
    store->write({{"a9", "new"}, {std::string(key), {}}});
    seen += key;
  });
  CHECK(seen == "a1a3");
}

TEST_CASE("files of a store do not change with it, and go with those who hold them") {
  const temporary_folder folder;
  const auto backend = leat::rocksdb_states(folder / "work", little);
  auto store = backend->open("s", {});
  store->write({{"key", "old"}});
  auto files = store->files();
  store->write({{"key", "new"}});
  const auto kept = keeper(folder.path())(*files);
  store.reset();
  files.reset();
  std::string value;
  const auto again = backend->open("s", kept);
  CHECK((again->get("key", value) && value == "old"));
}

TEST_CASE("working folders go with their process, or with the next one") {
  const temporary_folder folder;
  std::filesystem::create_directories(folder / "work/leat-1-killed/1-s");
  auto backend = leat::rocksdb_states(folder / "work", little);
  CHECK(entries(folder / "work") == 1); // nothing is touched before it is needed
  auto store = backend->open("s", {});
  CHECK(entries(folder / "work") == 1);
  CHECK_FALSE(std::filesystem::exists(folder / "work/leat-1-killed"));
  auto other = leat::rocksdb_states(folder / "work", little);
  auto others = other->open("s", {});
  CHECK(entries(folder / "work") == 2); // one in use stays
  others.reset();
  other.reset();
  store.reset();
  backend.reset();
  CHECK(entries(folder / "work") == 0);
}

TEST_CASE("a folder that cannot be made is an error that names it") {
  const temporary_folder folder;
  std::ofstream(folder / "file") << "x";
  try {
    (void)leat::rocksdb_states(folder / "file/work", little)->open("s", {});
    FAIL();
  } catch (const leat::failure& f) {
    CHECK(f.error().what.find("the states in \"" + (folder / "file/work")) == 0);
  }
}

TEST_CASE("a damaged table is found when a store is opened") {
  const temporary_folder folder;
  const auto backend = leat::rocksdb_states(folder / "work", little);
  auto store = backend->open("s", {});
  store->write({{"key", std::string(1000, 'v')}});
  const auto kept = keeper(folder.path())(*store->files());
  store.reset();
  const auto tables = tables_in(folder.path());
  REQUIRE(tables.size() == 1);
  std::fstream(tables[0], std::ios::in | std::ios::out | std::ios::binary).seekp(20).put('#');
  CHECK_THROWS_AS(backend->open("s", kept), leat::failure);
}

TEST_CASE("a job with states in RocksDB goes on from its checkpoints, at any parallelism") {
  const auto wanted = in_memory();
  const temporary_folder folder;
  begin(folder, in_rocksdb(folder, 2));
  begin(folder, in_rocksdb(folder, 2));
  begin(folder, in_rocksdb(folder, 3));
  const auto done = leat::run(remembered(folder / "out.csv"), in_rocksdb(folder, 1));
  REQUIRE(done);
  CHECK(done->checkpoints->restored > 0);
  CHECK(lines_of(folder / "out.csv") == wanted);
  CHECK(entries(folder / "work") == 0);
}

TEST_CASE("checkpoints share the tables that have not changed, and old ones are removed") {
  const temporary_folder folder;
  begin(folder, in_rocksdb(folder, 1));
  const auto tables = tables_in(folder / "checkpoints");
  REQUIRE_FALSE(tables.empty());
  std::size_t shared = 0;
  for (const std::string& table : tables)
    shared += std::filesystem::hard_link_count(table) > 1;
  CHECK(shared > 0);
  std::set<std::string> checkpoints;
  for (const std::string& table : tables)
    checkpoints.insert(std::filesystem::path(table).parent_path());
  CHECK(checkpoints.size() <= 2);
}

TEST_CASE("states move from memory into RocksDB, and not back by themselves") {
  const auto wanted = in_memory();
  const temporary_folder folder;
  begin(folder, with_checkpoints(folder));
  begin(folder, in_rocksdb(folder));
  CHECK(error_of(leat::run(remembered(folder / "out.csv"), with_checkpoints(folder))) ==
        "the state of stage \"states\" is kept in files of rocksdb");
  REQUIRE(leat::run(remembered(folder / "out.csv"), in_rocksdb(folder)));
  CHECK(lines_of(folder / "out.csv") == wanted);
}

TEST_CASE("states in RocksDB that are declared otherwise are converted") {
  const auto wanted = in_memory();
  const temporary_folder folder;
  begin(folder, in_rocksdb(folder));
  REQUIRE(leat::run(remembered<true>(folder / "out.csv"), in_rocksdb(folder)));
  CHECK(lines_of(folder / "out.csv") == wanted);
}

TEST_CASE("a savepoint has the files of RocksDB, and needs nothing else") {
  const auto wanted = in_memory();
  const temporary_folder folder;
  leat::run_options o = in_rocksdb(folder);
  o.rate = rate;
  auto job = leat::job::start(remembered(folder / "out.csv"), o);
  REQUIRE(job);
  while (job->metrics().records() < 300)
    std::this_thread::sleep_for(2ms);
  const auto made = job->stop_with_savepoint("half");
  REQUIRE(made);
  REQUIRE(job->wait());
  std::filesystem::rename(*made, folder / "moved");
  std::filesystem::remove_all(folder / "checkpoints");
  o = in_rocksdb(folder, 3);
  o.checkpoints.restore_from = folder / "moved";
  REQUIRE(leat::run(remembered(folder / "rest.csv"), o));
  auto lines = lines_of(folder / "out.csv");
  std::ranges::move(lines_of(folder / "rest.csv"), std::back_inserter(lines));
  std::ranges::sort(lines);
  CHECK(lines == wanted);
}

TEST_CASE("a damaged table of a checkpoint is named before anything is restored") {
  const temporary_folder folder;
  begin(folder, in_rocksdb(folder));
  for (const std::string& table : tables_in(folder / "checkpoints"))
    std::fstream(table, std::ios::in | std::ios::out | std::ios::binary).seekp(20).put('#');
  const auto again = leat::run(remembered(folder / "out.csv"), in_rocksdb(folder));
  CHECK(error_of(again).find(".sst\" is damaged: its checksum differs") != std::string::npos);
}
