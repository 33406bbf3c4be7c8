#include <leat/detail/transport/steps.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <functional>
#include <string>
#include <vector>

namespace {

// Takes records and says "no more" as a test wishes. It must then not be given another until
// resume.
template <class T>
struct picky {
  std::function<bool(std::size_t)> stops_at; ///< by number of records taken before
  std::vector<T> taken = {};
  bool full = false;
  bool overrun = false;

  template <class Chain>
  void run(Chain chain, const std::vector<typename Chain::in>& records) {
    const auto down = [this](auto&& r) {
      overrun = overrun || full;
      full = stops_at(taken.size());
      taken.push_back(std::forward<decltype(r)>(r));
      return !full;
    };
    for (const auto& r : records) {
      auto passing = r; // a chain may not rely on a record that has gone
      bool go_on = chain.push(std::move(passing), down);
      for (int tries = 0; !go_on && tries < 100'000; ++tries) {
        full = false;
        go_on = chain.resume(down);
      }
    }
  }
};

auto twice_and_half() {
  const auto square = [](int i) { return std::to_string(i * i); };
  const auto not_short = [](const std::string& s) { return s.size() != 1; };
  const auto prefixes = [](const std::string& s) {
    std::vector<std::string> all;
    for (std::size_t n = 0; n <= s.size() && s.size() != 3; ++n) // of three: nothing comes
      all.push_back(s.substr(0, n));
    return all;
  };
  const auto not_empty = [](const std::string& s) { return !s.empty(); };
  const auto size = [](const std::string& s) { return static_cast<int>(s.size()); };
  const auto up_to = [](int n) { return std::views::iota(0, n); };
  using namespace leat;
  auto a = map_step<pass<int>, decltype(square)>{{}, square};
  auto b = filter_step<decltype(a), decltype(not_short)>{a, not_short};
  auto c = flat_map_step<decltype(b), decltype(prefixes)>{b, prefixes};
  auto d = filter_step<decltype(c), decltype(not_empty)>{c, not_empty};
  auto e = map_step<decltype(d), decltype(size)>{d, size};
  return flat_map_step<decltype(e), decltype(up_to)>{e, up_to};
}

std::vector<int> twice_and_half_naive(const std::vector<int>& records) {
  std::vector<int> all;
  for (const int i : records) {
    const std::string s = std::to_string(i * i);
    if (s.size() == 1 || s.size() == 3)
      continue;
    for (std::size_t n = 1; n <= s.size(); ++n)
      for (std::size_t k = 0; k < n; ++k)
        all.push_back(static_cast<int>(k));
  }
  return all;
}

} // namespace

TEST_CASE("a chain of steps does what its steps say, wherever it is stopped") {
  std::vector<int> records(60);
  for (int i = 0; i < 60; ++i)
    records[static_cast<std::size_t>(i)] = i * 3;
  const std::vector<int> wanted = twice_and_half_naive(records);
  REQUIRE(wanted.size() > 100);

  for (std::size_t stop = 0; stop <= wanted.size(); ++stop) { // once, at every point
    picky<int> down{[stop](std::size_t n) { return n == stop; }};
    down.run(twice_and_half(), records);
    REQUIRE(down.taken == wanted);
    REQUIRE_FALSE(down.overrun);
  }
  picky<int> always{[](std::size_t) { return true; }};
  always.run(twice_and_half(), records);
  CHECK(always.taken == wanted);
  CHECK_FALSE(always.overrun);
}

TEST_CASE("random records through a chain that is stopped at random") {
  CHECK(rc::check([] {
    const auto records = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 200));
    const auto stops = *rc::gen::container<std::vector<bool>>(50, rc::gen::arbitrary<bool>());
    picky<int> down{[&](std::size_t n) { return stops[n % 50]; }};
    down.run(twice_and_half(), records);
    RC_ASSERT(down.taken == twice_and_half_naive(records));
    RC_ASSERT(!down.overrun);
  }));
}

TEST_CASE("a lazy range may refer to its record, which stays as long as it is walked") {
  struct order {
    std::string name;
    int lines;
  };
  const auto lines_of = [](const order& o) {
    return std::views::iota(0, o.lines) |
           std::views::transform([&o](int n) { return o.name + std::to_string(n); });
  };
  leat::flat_map_step<leat::pass<order>, decltype(lines_of)> chain{{}, lines_of};
  picky<std::string> down{[](std::size_t) { return true; }};
  down.run(chain,
           {{"a name too long to be stored in place ", 3}, {"another one of that kind: ", 2}});
  CHECK(down.taken == std::vector<std::string>{"a name too long to be stored in place 0",
                                               "a name too long to be stored in place 1",
                                               "a name too long to be stored in place 2",
                                               "another one of that kind: 0",
                                               "another one of that kind: 1"});
}

TEST_CASE("a lazy range is walked no further than its consumer wants") {
  int made = 0;
  const auto endless = [&made](int) {
    return std::views::iota(0) | std::views::transform([&made](int n) { return ++made, n; });
  };
  leat::flat_map_step<leat::pass<int>, decltype(endless)> chain{{}, endless};
  int left = 5;
  const auto down = [&left](int) { return --left > 0; };
  CHECK_FALSE(chain.push(1, down));
  CHECK(made <= 6);
  left = 10;
  CHECK_FALSE(chain.resume(down));
  CHECK(made <= 16);
}

TEST_CASE("a function may return a range that lives in the record") {
  struct basket {
    std::vector<int> goods;
  };
  const auto goods = [](const basket& b) -> const std::vector<int>& { return b.goods; };
  leat::flat_map_step<leat::pass<basket>, decltype(goods)> chain{{}, goods};
  picky<int> down{[](std::size_t) { return true; }};
  down.run(chain, {{{1, 2}}, {{}}, {{3}}});
  CHECK(down.taken == std::vector<int>{1, 2, 3});
}
