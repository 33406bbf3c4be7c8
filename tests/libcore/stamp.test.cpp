#include <leat/stamp.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

namespace {

using children = std::vector<std::uint32_t>;

leat::stamp_path path_of(const children& numbers) {
  leat::stamp_path p;
  for (const std::uint32_t n : numbers)
    p = p.child(n);
  return p;
}

// How many of the 58 bits a path takes.
unsigned bits_of(const children& numbers) {
  unsigned bits = 0;
  for (const std::uint32_t n : numbers)
    bits += 2 * (static_cast<unsigned>(std::bit_width(std::uint64_t{n} + 1)) - 1) + 1;
  return bits;
}

children some_children() {
  return *rc::gen::suchThat(
      rc::gen::container<children>(rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, 4),
                                                  rc::gen::inRange<std::uint32_t>(0, 3000))),
      [](const children& c) { return bits_of(c) <= 58; });
}

} // namespace

TEST_CASE("paths compare like the sequences of child numbers") {
  CHECK(rc::check([] {
    const children a = some_children(), b = some_children();
    RC_ASSERT((path_of(a) <=> path_of(b)) == (a <=> b));
  }));
  CHECK(rc::check([] { // sequences that share a beginning
    children a = some_children(), b = a;
    const auto tail = *rc::gen::container<children>(rc::gen::inRange<std::uint32_t>(0, 9));
    b.resize(*rc::gen::inRange<std::size_t>(0, b.size() + 1));
    b.insert(b.end(), tail.begin(), tail.end());
    RC_PRE(bits_of(b) <= 58);
    RC_ASSERT((path_of(a) <=> path_of(b)) == (a <=> b));
  }));
}

TEST_CASE("a path has room for 58 single children, three times 500, or one of 100 million") {
  CHECK(path_of(children(58, 0)) > path_of(children(57, 0)));
  CHECK(path_of({499, 499, 499}) > path_of({499, 499, 498}));
  CHECK(path_of({100'000'001}) > path_of({100'000'000}));
}

TEST_CASE("a path that is full never falls: younger siblings stay behind the elder ones") {
  CHECK(rc::check([] {
    children parent;
    while (bits_of(parent) < 40)
      parent.push_back(*rc::gen::inRange<std::uint32_t>(0, 40));
    const leat::stamp_path p = path_of(parent);
    leat::stamp_path last = p;
    for (std::uint32_t n = 0; n < 3000; ++n) {
      RC_ASSERT(p.child(n) >= last);
      RC_ASSERT(p.child(n).child(n % 7) >= last);
      last = p.child(n);
    }
    // and the next child of the parent's parent is behind all of them
    children uncle = parent;
    ++uncle.back();
    if (bits_of(uncle) <= 58) {
      RC_ASSERT(path_of(uncle) > last);
      RC_ASSERT(path_of(uncle) > last.child(5).child(2'000'000'000));
    }
  }));
}

TEST_CASE("stamps compare by time, split, position and path") {
  const leat::stamp s{leat::event_time{std::chrono::microseconds{5}}, 2, 7, {}};
  CHECK(s < leat::stamp{leat::event_time{std::chrono::microseconds{6}}, 0, 0, {}});
  CHECK(s < leat::stamp{s.time, 3, 1, {}});
  CHECK(s < leat::stamp{s.time, 2, 8, {}});
  CHECK(s < leat::stamp{s.time, 2, 7, leat::stamp_path{}.child(0)});
  CHECK(leat::stamp{s.time, 2, 7, path_of({4000})} < leat::stamp{s.time, 2, 8, {}});
  CHECK(leat::stamp{} < s);
  CHECK(s < leat::end_of_stamps);
}

TEST_CASE("a run column is a vector that is small while its values repeat or count") {
  const auto same = [](auto column, auto make_value) {
    std::vector<std::decay_t<decltype(make_value())>> naive;
    for (int steps = *rc::gen::inRange(0, 40); steps > 0; --steps) {
      if (*rc::gen::inRange(0, 5) == 0) {
        const auto size = *rc::gen::inRange<std::size_t>(0, naive.size() + 1);
        naive.resize(size);
        column.truncate(size);
      } else {
        const auto value = make_value();
        for (int n = *rc::gen::inRange(1, 5); n > 0; --n) {
          naive.push_back(value);
          column.push_back(value);
        }
      }
      RC_ASSERT(column.size() == naive.size());
      for (std::size_t i = 0; i < naive.size(); ++i)
        RC_ASSERT(column[i] == naive[i]);
    }
  };
  CHECK(rc::check([&] {
    same(leat::run_column<std::uint32_t>{}, [] { return *rc::gen::inRange<std::uint32_t>(0, 3); });
  }));
  CHECK(rc::check([&] {
    std::uint64_t next = 10;
    same(leat::run_column<std::uint64_t, 1>{}, [&next] {
      next += *rc::gen::element<std::uint64_t>(1, 1, 1, 5);
      return next;
    });
  }));

  leat::run_column<std::uint64_t, 1> counting;
  for (std::uint64_t i = 0; i < 1000; ++i)
    counting.push_back(77 + i);
  CHECK(counting.heap_bytes() == 0);
  CHECK(counting[999] == 1076);
}

TEST_CASE("a stamp column gives back the stamps that were put in") {
  CHECK(rc::check([] {
    leat::stamp_column column;
    std::vector<leat::stamp> naive;
    for (int n = *rc::gen::inRange(0, 60); n > 0; --n) {
      const leat::stamp s{leat::event_time{std::chrono::microseconds{*rc::gen::inRange(0, 3)}},
                          *rc::gen::inRange<std::uint32_t>(0, 2),
                          naive.size() + *rc::gen::inRange<std::size_t>(0, 2),
                          path_of({*rc::gen::inRange<std::uint32_t>(0, 2)})};
      naive.push_back(s);
      column.push_back(s);
      if (*rc::gen::inRange(0, 9) == 0) {
        naive.resize(naive.size() / 2);
        column.truncate(naive.size());
      }
    }
    column.truncate(naive.size() + 5); // longer than it is: nothing
    RC_ASSERT(column.size() == naive.size());
    RC_ASSERT(column.empty() == naive.empty());
    for (std::size_t i = 0; i < naive.size(); ++i)
      RC_ASSERT(column[i] == naive[i]);
  }));
}
