#include <leat/detail/record/run_column.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <rapidcheck.h>

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
