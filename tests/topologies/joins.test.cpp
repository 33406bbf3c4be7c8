// Joins of two streams: windows with records of both, and what joins say of late records and wrong
// settings. That joins by interval give what they should is shown by random graphs.
#include "support/catch.hpp"
#include "support/reference.hpp"
#include "support/simulated.hpp"

#include "support/graphs.hpp" // last: a name of it is that of variables in the others

#include <set>

using namespace leat;
using std::chrono::microseconds;
using support::dice;
using support::item;
namespace reference = support::reference;

namespace {

constexpr std::int64_t disorder = 4;
constexpr auto time_of = [](const item& i) { return from_micros(i.value); };

using splits = std::vector<std::vector<item>>;
using pair = std::pair<std::optional<item>, std::optional<item>>;

splits some_splits(dice& roll) {
  splits all(roll.size(1, 4));
  std::int64_t number = 0;
  for (auto& split : all)
    for (std::int64_t n = roll(0, 40), time = 0; n > 0; --n)
      split.push_back({roll(0, 4), ++number, time += roll(-3, 6)});
  return all;
}

stream<item> read_from(graph& g, const std::string& name, const splits& from) {
  support::given_splits<item> source;
  for (const auto& split : from)
    source.all.push_back({split});
  return g.from(name, source, event_time_by{time_of, microseconds{disorder}});
}

// Windows of both sides together; records of the right one are told by their place.
std::multiset<pair> naive(const splits& left, const splits& right,
                          reference::naive_windows&& windows, join_kind kind) {
  const auto value = [](const item& i) { return i.value; };
  const auto all =
      reference::merge(reference::source(left, value, 0), reference::source(right, value, 1));
  std::vector<reference::window_record> records;
  for (const reference::row& r : all)
    records.push_back({r.record.key, r.time, r.order[0] - disorder, 1 + r.record.number % 5});
  std::multiset<pair> found;
  for (const auto& fired : windows.run(records).fired) {
    std::vector<item> both[2];
    for (const std::size_t i : fired.records)
      both[all[i].order[1] - first_source].push_back(all[i].record);
    for (const item& l : both[0])
      for (const item& r : both[1])
        found.emplace(l, r);
    if (kind != join_kind::inner && both[1].empty())
      for (const item& l : both[0])
        found.emplace(l, std::nullopt);
    if (kind == join_kind::full && both[0].empty())
      for (const item& r : both[1])
        found.emplace(std::nullopt, r);
  }
  return found;
}

template <class Window>
void compare(dice& roll, Window window, reference::naive_windows&& plain, window_options options) {
  const splits left = some_splits(roll), right = some_splits(roll);
  const auto kind = roll.one_of({join_kind::inner, join_kind::left, join_kind::full});
  const auto wanted = naive(left, right, std::move(plain), kind);
  std::vector<joined<item, item>> got;
  graph g{"joined"};
  auto lefts = read_from(g, "left", left), rights = read_from(g, "right", right);
  auto pairs = lefts.key_by(support::key_of_item)
                   .join("pairs", rights.key_by(support::key_of_item), window, kind, options);
  for (const char* late : {"late_left", "late_right"})
    pairs.template side<item>(late).to(late, support::discard{});
  pairs.to("out", support::keep<joined<item, item>>{&got});
  const auto ended = testing::simulation(std::move(g), support::some_run(roll, roll.seed())).run();
  REQUIRE(ended);
  std::multiset<pair> found;
  for (const auto& j : got)
    found.emplace(j.left, j.right);
  REQUIRE(found == wanted);
}

} // namespace

TEST_CASE("records of two streams in one window are all pairs that a plain loop finds") {
  support::for_seeds(200, [](dice roll) {
    const std::int64_t lateness = roll.coin() ? 0 : roll(1, 20), size = roll(2, 15);
    const std::int64_t slide = roll(1, static_cast<int>(size) + 1);
    const window_options options{.allowed_lateness = microseconds{lateness}};
    compare(roll, sliding(microseconds{size}, microseconds{slide}),
            reference::naive_sliding(size, slide, 0, lateness), options);
    compare(roll, session([](const item& i) { return microseconds{1 + i.number % 5}; }),
            reference::naive_sessions(lateness), options);
  });
}

TEST_CASE("an operator of two inputs has one state for both") {
  struct balance {
    using output_type = item;
    value_state<std::int64_t> sum;
    void open(setup& s) { sum = s.value<std::int64_t>("sum"); }
    void process_left(const item& i, emitter<item>& out, context& ctx) {
      out({i.key, i.number, ctx.edit(sum) += i.number});
    }
    void process_right(const item& i, emitter<item>& out, context& ctx) {
      out({i.key, -i.number, ctx.edit(sum) -= i.number});
    }
  };
  support::for_seeds(50, [](dice roll) {
    const splits left = some_splits(roll), right = some_splits(roll);
    const auto value = [](const item& i) { return i.value; };
    std::map<std::int64_t, std::int64_t> sums;
    std::multiset<item> wanted, found;
    for (const auto& r :
         reference::merge(reference::source(left, value, 0), reference::source(right, value, 1))) {
      const std::int64_t n = r.order[1] == first_source ? r.record.number : -r.record.number;
      wanted.insert({r.record.key, n, sums[r.record.key] += n});
    }
    std::vector<item> got;
    graph g{"balances"};
    auto lefts = read_from(g, "left", left), rights = read_from(g, "right", right);
    lefts.key_by(support::key_of_item)
        .connect("balance", rights.key_by(support::key_of_item), balance{})
        .to("out", support::keep<item>{&got});
    REQUIRE(testing::simulation(std::move(g), support::some_run(roll, roll.seed())).run());
    found.insert(got.begin(), got.end());
    REQUIRE(found == wanted);
  });
}

TEST_CASE("joins check their settings, and that both streams are of one graph") {
  graph g{"wrong"}, other{"other"};
  auto lefts = read_from(g, "left", {{}}), rights = read_from(other, "right", {{}});
  lefts.key_by(support::key_of_item)
      .join("pairs", rights.key_by(support::key_of_item),
            interval(microseconds{0}, microseconds{1}))
      .to("out", support::discard{});
  CHECK(support::faults(g) == std::vector<std::string>{"\"pairs\" connects streams of two graphs"});
  graph turned{"turned"};
  auto a = read_from(turned, "left", {{}}), b = read_from(turned, "right", {{}});
  a.key_by(support::key_of_item)
      .join("pairs", b.key_by(support::key_of_item), interval(microseconds{1}, microseconds{0}))
      .to("out", support::discard{});
  const auto ended = testing::simulation(std::move(turned), {}).run();
  REQUIRE(!ended);
  CHECK(ended.error().what.find("bounds of which the first is later") != std::string::npos);
}
