#include <leat/stamp.hpp>

#include <leat/error.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

namespace {

using children = std::vector<std::uint64_t>;

leat::stamp_path path_of(const children& numbers) {
  leat::stamp_path p;
  for (const std::uint64_t n : numbers)
    p = p.child(n);
  return p;
}

// How many bits a path takes.
unsigned bits_of(const children& numbers) {
  unsigned bits = 0;
  for (const std::uint64_t n : numbers)
    bits += 2 * (static_cast<unsigned>(std::bit_width(n + 1)) - 1) + 1;
  return bits;
}
constexpr unsigned most = leat::stamp_path::most_bits;

std::uint64_t some_child() {
  return *rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 4),
                         rc::gen::inRange<std::uint64_t>(0, 3000),
                         rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 40));
}

children some_children() {
  children all;
  for (int n = *rc::gen::inRange(0, 60); n > 0; --n) {
    all.push_back(some_child());
    if (bits_of(all) > most) {
      all.pop_back();
      break;
    }
  }
  return all;
}

} // namespace

TEST_CASE("paths compare like the sequences of child numbers") {
  CHECK(rc::check([] {
    const children a = some_children(), b = some_children();
    RC_ASSERT((path_of(a) <=> path_of(b)) == (a <=> b));
  }));
  CHECK(rc::check([] { // sequences that share a beginning
    children a = some_children(), b = a;
    const auto tail = *rc::gen::container<children>(rc::gen::inRange<std::uint64_t>(0, 9));
    b.resize(*rc::gen::inRange<std::size_t>(0, b.size() + 1));
    b.insert(b.end(), tail.begin(), tail.end());
    RC_PRE(bits_of(b) <= most);
    RC_ASSERT((path_of(a) <=> path_of(b)) == (a <=> b));
  }));
}

TEST_CASE("a path has room for 121 single children, six times 600, or one of 10^18") {
  CHECK(path_of(children(121, 0)) > path_of(children(120, 0)));
  CHECK(path_of(children(6, 599)) > path_of({599, 599, 599, 599, 599, 598}));
  CHECK(path_of({1'000'000'000'000'000'001}) > path_of({1'000'000'000'000'000'000}));
}

TEST_CASE("a path that would exceed its bits is an error, never a tie") {
  CHECK(rc::check([] {
    children numbers = some_children();
    numbers.push_back(some_child());
    const auto parent = path_of({numbers.begin(), numbers.end() - 1});
    RC_ASSERT(parent < leat::stamp_path::last());
    if (bits_of(numbers) <= most)
      RC_ASSERT(parent.child(numbers.back()) > parent);
    else
      RC_ASSERT_THROWS_AS((void)parent.child(numbers.back()), leat::failure);
  }));
  CHECK_THROWS_AS(path_of(children(122, 0)), leat::failure);
  CHECK_THROWS_AS(leat::stamp_path{}.child(~std::uint64_t{0}), leat::failure);
  CHECK(leat::stamp_path::last().child(0) == leat::stamp_path::last());
  try {
    path_of(children(7, 599));
    FAIL("no error");
  } catch (const leat::failure& e) {
    CHECK(e.error().what == "the stamp of a derived record exceeds 121 bits");
    CHECK(e.error().hint.find("nest fewer") != std::string::npos);
  }
}

TEST_CASE("a last descendant stands behind all descendants, and before all that come later") {
  CHECK(rc::check([] {
    children numbers = some_children();
    const auto end = path_of(numbers).last_descendant();
    RC_ASSERT(end.child(7) == end);
    RC_ASSERT(end.last_descendant() == end);
    children descendant = numbers;
    descendant.push_back(some_child());
    RC_ASSERT(end > path_of(numbers));
    if (bits_of(descendant) <= most)
      RC_ASSERT(end > path_of(descendant));
    if (!numbers.empty()) {
      ++numbers.back();
      if (bits_of(numbers) <= most)
        RC_ASSERT(end < path_of(numbers));
    }
  }));
}

TEST_CASE("what stands before a record is promised without it, its siblings and cousins included") {
  const leat::stamp s{leat::event_time{std::chrono::microseconds{5}}, 1, 2, 7, {}};
  CHECK(leat::all_before(s) < s);
  CHECK(leat::all_before(s) == leat::with_descendants({s.time, 1, 2, 6, {}}));
  CHECK(rc::check([&] {
    children numbers = some_children();
    numbers.push_back(some_child());
    leat::stamp here = s, sibling = s;
    if (bits_of(numbers) <= most)
      sibling.path = path_of(numbers);
    ++numbers.back();
    if (bits_of(numbers) > most)
      return;
    here.path = path_of(numbers);
    const leat::stamp before = leat::all_before(here);
    RC_ASSERT(before < here);
    RC_ASSERT(before >= leat::with_descendants(sibling));
  }));
}

TEST_CASE("stamps compare by time, source, split, position and path") {
  const leat::stamp s{leat::event_time{std::chrono::microseconds{5}}, 1, 2, 7, {}};
  CHECK(s < leat::stamp{leat::event_time{std::chrono::microseconds{6}}, 0, 0, 0, {}});
  CHECK(s < leat::stamp{s.time, 2, 0, 1, {}});
  CHECK(s < leat::stamp{s.time, 1, 3, 1, {}});
  CHECK(s < leat::stamp{s.time, 1, 2, 8, {}});
  CHECK(s < leat::stamp{s.time, 1, 2, 7, leat::stamp_path{}.child(0)});
  CHECK(leat::stamp{s.time, 1, 2, 7, path_of({4000})} < leat::stamp{s.time, 1, 2, 8, {}});
  CHECK(leat::stamp{} < s);
  CHECK(s < leat::end_of_stamps);
}
