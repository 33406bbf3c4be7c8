// The record of programs for tests of clusters.
#pragma once

#include <leat/record.hpp>

#include <cstdint>

struct number {
  std::uint64_t n = 0;
  std::uint64_t sum = 0;
  static constexpr auto fields =
      leat::fields("number", leat::field("n", &number::n), leat::field("sum", &number::sum));
};
