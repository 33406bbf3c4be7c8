#include <leat/detail/window/slices.hpp>

#include "support/dice.hpp"

#include <map>
#include <string>

using leat::detail::slices;

namespace {

/// What depends on the order of all that is put together.
struct text {
  std::string all;
  void add(char c) { all += c; }
  void merge(const text& later) { all += later.all; }
  static constexpr auto fields = leat::fields("text", leat::field("all", &text::all));
};

std::string folded(slices<text>& all, std::int64_t from, std::int64_t to) {
  std::string found;
  all.fold(from, to, [&](const text& t) { found = t.all; });
  return found;
}

} // namespace

TEST_CASE(
    "rows of slices are folded in their order, whatever was added, folded or dropped before") {
  support::for_seeds(300, [](support::dice roll) {
    slices<text> all;
    std::map<std::int64_t, std::string> plain;
    const std::int64_t size = roll(1, 12);
    std::int64_t now = roll(-30, 10);
    for (int step = 0; step < 150; ++step) {
      switch (roll(0, 5)) {
      case 0:
        now += roll(0, 4);
        break;
      case 1: {
        const std::int64_t limit = now - 2 * size;
        all.expire([&](std::int64_t start) { return start < limit; });
        plain.erase(plain.begin(), plain.lower_bound(limit));
        CHECK(all.empty() == plain.empty());
        const auto* const first = all.first_not([&](std::int64_t start) { return start < limit; });
        CHECK((first == nullptr) == plain.empty());
        if (first)
          CHECK(first->start == plain.begin()->first);
        break;
      }
      case 2: {
        const std::int64_t end = now - roll(0, static_cast<int>(size) + 1);
        std::string want;
        for (auto s = plain.lower_bound(end - size); s != plain.end() && s->first < end; ++s)
          want += s->second;
        CHECK(folded(all, end - size, end) == want);
        break;
      }
      default: {
        const std::int64_t at = now - (roll(0, 3) == 0 ? roll(0, 2 * static_cast<int>(size)) : 0);
        const auto c = static_cast<char>('a' + roll(0, 26));
        CHECK(all.add(at, c) == !plain.contains(at));
        plain[at] += c;
      }
      }
    }
  });
}

TEST_CASE("the memory of slices counts what their values own") {
  slices<text> all;
  for (int n = 0; n < 1000; ++n)
    all.add(n / 100, 'x');
  const std::size_t before = leat::heap_bytes(all);
  CHECK(before > 1000);
  all.expire([](std::int64_t start) { return start < 9; });
  CHECK(leat::heap_bytes(all) < before - 800);
}
