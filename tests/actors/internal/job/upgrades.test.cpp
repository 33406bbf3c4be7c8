// Jobs that go on from what an older version of their program has saved, or an older version of
// the library: tests/data/savepoint-1 was written by the first one that wrote savepoints.
#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/files/part_folder.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/job.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <cstdlib>
#include <map>
#include <sstream>
#include <thread>

using namespace std::chrono_literals;
using support::temporary_folder;

namespace {

constexpr std::uint64_t records = 1000;
constexpr std::int64_t keys = 5;

struct old_order {
  std::int64_t key = 0;
  std::int64_t number = 0;
  std::string note;
  static constexpr auto fields = leat::fields("order", leat::field("key", &old_order::key),
                                              leat::field("number", &old_order::number),
                                              leat::field("note", &old_order::note));
};
struct order {
  float weight = 2.5F;
  std::int64_t number = 0;
  std::int64_t key = 0;
  static constexpr auto fields =
      leat::fields("order", leat::field("weight", &order::weight),
                   leat::field("number", &order::number), leat::field("key", &order::key));
};

struct old_total {
  std::int64_t sum = 0;
  std::optional<old_order> last;
  static constexpr auto fields = leat::fields("total", leat::field("sum", &old_total::sum),
                                              leat::field("last", &old_total::last));
};
struct total {
  std::int64_t sum = 0;
  std::int64_t count = 100;
  std::optional<order> last;
  static constexpr auto fields =
      leat::fields("total", leat::field("sum", &total::sum), leat::field("count", &total::count),
                   leat::field("last", &total::last));
};
struct migrated_total {
  std::int64_t doubled = 0;
  std::int64_t count = 200;
  static constexpr auto fields =
      leat::fields("total", leat::field("doubled", &migrated_total::doubled),
                   leat::field("count", &migrated_total::count));
  static migrated_total migrate(const old_total& old) { return {old.sum * 2, 200}; }
};
struct wrong_total {
  std::string sum;
  static constexpr auto fields = leat::fields("total", leat::field("sum", &wrong_total::sum));
};

void add(old_total& to, const old_order& o) { to.sum += o.number, to.last = o; }
void add(total& to, const order& o) { to.sum += o.number, ++to.count, to.last = o; }
void add(migrated_total& to, const order& o) { to.doubled += 2 * o.number, ++to.count; }
void add(wrong_total& to, const order&) { to.sum += '.'; }

std::pair<std::int64_t, std::int64_t> outcome(const old_total& t) { return {t.sum, 0}; }
std::pair<std::int64_t, std::int64_t> outcome(const total& t) { return {t.sum, t.count}; }
std::pair<std::int64_t, std::int64_t> outcome(const migrated_total& t) {
  return {t.doubled / 2, t.count};
}
std::pair<std::int64_t, std::int64_t> outcome(const wrong_total&) { return {}; }

struct line {
  std::int64_t key = 0;
  std::int64_t sum = 0;
  std::int64_t count = 0;
  static constexpr auto fields =
      leat::fields("line", leat::field("key", &line::key), leat::field("sum", &line::sum),
                   leat::field("count", &line::count));
};

template <class Order, class Total>
struct totals {
  using output_type = line;
  leat::value_state<Total> sums;
  leat::list_state<Order> seen;
  leat::map_state<std::string, Order> named;
  void open(leat::setup& setup) {
    sums = setup.value<Total>("sums");
    seen = setup.list<Order>("seen");
    named = setup.map<std::string, Order>("named");
  }
  void process(const Order& o, leat::emitter<line>& out, leat::context& ctx) {
    Total& t = ctx.edit(sums);
    add(t, o);
    auto& list = ctx.edit(seen);
    if (list.size() < 2)
      list.push_back(o);
    ctx.edit(named, std::string(o.number % 2 == 0 ? "even" : "odd")) = o;
    out({o.key, outcome(t).first, outcome(t).second});
  }
};

template <class Order, class Total>
leat::graph graph_of(const std::string& output) {
  leat::graph g{"totals"};
  g.from("orders", leat::generate(
                       [](std::uint64_t n) {
                         Order o;
                         o.number = static_cast<std::int64_t>(n);
                         o.key = o.number % keys;
                         return o;
                       },
                       records))
      .key_by([](const Order& o) { return o.key; })
      .process("totals", totals<Order, Total>{})
      .to("out", leat::csv_sink<line>{output});
  return g;
}

leat::run_options with_checkpoints(const std::string& folder, std::string from = {}) {
  leat::run_options o;
  o.checkpoints.folder = folder;
  o.checkpoints.interval = 10ms;
  o.checkpoints.restore_from = std::move(from);
  return o;
}

// Until it has published some of its output.
void wait_for_some(const leat::job& j) {
  while (j.metrics().records() < 50 || j.metrics().checkpoints->completed < 3)
    std::this_thread::sleep_for(2ms);
}

// A savepoint of the old program, in the middle of its input.
std::string old_savepoint(const temporary_folder& folder) {
  leat::run_options o = with_checkpoints(folder / "checkpoints");
  o.rate = 100;
  auto job = leat::job::start(graph_of<old_order, old_total>(folder / "old.csv"), o);
  REQUIRE(job);
  wait_for_some(*job);
  const auto made = job->stop_with_savepoint("v1");
  REQUIRE(made);
  REQUIRE(job->wait());
  return *made;
}

struct last_lines {
  std::map<std::int64_t, line> last;          ///< by key
  std::map<std::int64_t, std::int64_t> count; ///< of lines, by key
};

last_lines read(const std::string& output) {
  last_lines all;
  const leat::part_folder folder(output);
  const auto parts = folder.parts();
  REQUIRE(parts);
  for (const leat::part_name& part : *parts) {
    std::istringstream text(support::content_of(folder.published(part)));
    std::string head;
    std::getline(text, head);
    char comma = 0;
    for (line l; text >> l.key >> comma >> l.sum >> comma >> l.count;) {
      all.last[l.key] = l;
      ++all.count[l.key];
    }
  }
  return all;
}

std::int64_t sum_of(std::int64_t key) {
  std::int64_t sum = 0;
  for (std::int64_t n = key; n < static_cast<std::int64_t>(records); n += keys)
    sum += n;
  return sum;
}

template <class Order, class Total>
void check_goes_on(const std::string& from, std::int64_t count_before) {
  const temporary_folder folder;
  REQUIRE(leat::run(graph_of<Order, Total>(folder / "new.csv"),
                    with_checkpoints(folder / "checkpoints", from)));
  const last_lines is = read(folder / "new.csv");
  REQUIRE(is.last.size() == keys);
  for (const auto& [key, last] : is.last) {
    CHECK(is.count.at(key) < static_cast<std::int64_t>(records) / keys);
    CHECK(last.sum == sum_of(key));
    if (count_before > 0)
      CHECK(last.count == count_before + is.count.at(key));
  }
}

std::string data(const std::string& name) {
  return (std::filesystem::path(__FILE__).parent_path() / "../../../data" / name)
      .lexically_normal()
      .string();
}

} // namespace

TEST_CASE("a job goes on with records that have got and lost fields since it was saved") {
  const temporary_folder folder;
  const std::string saved = old_savepoint(folder);
  check_goes_on<old_order, old_total>(saved, 0);
  check_goes_on<order, total>(saved, 100);
  check_goes_on<order, migrated_total>(saved, 200);
}

TEST_CASE("a record that has changed too much is refused, with stage, state and field") {
  const temporary_folder folder;
  const auto refused = leat::run(graph_of<order, wrong_total>(folder / "new.csv"),
                                 with_checkpoints(folder / "next", old_savepoint(folder)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().stage == "totals");
  CHECK(refused.error().what ==
        "the state \"sums\" differs from the saved one: field \"sum\" was i64 and is string");
}

TEST_CASE("what an earlier version of the library has saved can be restored") {
  check_goes_on<old_order, old_total>(data("savepoint-1"), 0);
  check_goes_on<order, total>(data("savepoint-1"), 100);
}

// Writes such data for a new version: LEAT_TEST_DATA names the folder.
TEST_CASE("write a savepoint that later versions have to read", "[.write-data]") {
  const char* const to = std::getenv("LEAT_TEST_DATA");
  REQUIRE(to);
  const temporary_folder folder;
  std::filesystem::copy(old_savepoint(folder), to, std::filesystem::copy_options::recursive);
}
