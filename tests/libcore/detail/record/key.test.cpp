#include <leat/detail/record/key.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <cstring>

using leat::key_group_of;
using leat::key_hash;

namespace {
enum class kind : std::uint8_t { card = 3 };
} // namespace

// Saved state is found by these numbers: they may never change.
TEST_CASE("hashes of keys are stable for ever") {
  CHECK(key_hash(std::int32_t{0}) == 0x48b2c92616fc193d);
  CHECK(key_hash(std::int32_t{1}) == 0xdb02334e96d65708);
  CHECK(key_hash(std::int64_t{1}) == 0x2fbc593564db792e);
  CHECK(key_hash(std::int64_t{-1}) == 0x5111c7e47d784413);
  CHECK(key_hash(std::uint64_t{123456789012345}) == 0x4430a23edb710eb6);
  CHECK(key_hash(std::int8_t{-128}) == 0x6b148c0872500941);
  CHECK(key_hash(true) == 0xe12ef9d2eb86ceeb);
  CHECK(key_hash(false) == 0xc44bdff4074eecdb);
  CHECK(key_hash('a') == 0xe6c632b61e964e1f); // as XXH3-64 of "a" is published
  CHECK(key_hash(kind::card) == 0x13e608bc156defed);
  CHECK(key_hash(1.5) == 0x2561a4889ff63458);
  CHECK(key_hash(0.0) == 0xc77b3abb6f87acd9);
  CHECK(key_hash(1.5f) == 0xadeb6dc039f44db0);
  CHECK(key_hash(std::nan("")) == 0x0aa61dcfa381c167);
  CHECK(key_hash(std::string{}) == 0x2d06800538d394c2); // as published
  CHECK(key_hash(std::string{"card-4711"}) == 0xa9d2f5b818b15076);
  CHECK(key_hash(std::string(300, 'x')) == 0xa5d1b4607dc83554);
  CHECK(key_hash(std::tuple{std::int64_t{7}, std::string{"eu"}}) == 0x010335b013060e83);
  CHECK(key_hash(std::pair{std::int32_t{1}, std::int32_t{2}}) == 0x0389e2c8892d5450);
  CHECK(key_hash(std::tuple{std::pair{true, 0.5}, std::string{"z"}}) == 0x25cbd813d14e31de);
}

TEST_CASE("equal keys have equal hashes: -0 is 0, and a NaN is a NaN") {
  CHECK(key_hash(-0.0) == key_hash(0.0));
  CHECK(key_hash(-0.0f) == key_hash(0.0f));
  CHECK(key_hash(-std::nan("0x5bad")) == key_hash(std::nan("")));
  CHECK(key_hash(std::numeric_limits<float>::signaling_NaN()) ==
        key_hash(std::numeric_limits<float>::quiet_NaN()));
  CHECK(key_hash(std::tuple{-0.0, 1}) == key_hash(std::tuple{0.0, 1}));
  CHECK(key_hash(std::pair{std::nan("1"), 1}) == key_hash(std::pair{-std::nan("2"), 1}));
}

TEST_CASE("words are hashed as their bytes are") {
  const auto same = [](auto word) {
    RC_ASSERT(leat::detail::hash_of(word) == leat::detail::hash_bytes(&word, sizeof word));
  };
  CHECK(rc::check([&](std::uint64_t word) { same(word); }));
  CHECK(rc::check([&](std::uint32_t word) { same(word); }));
}

TEST_CASE("the parts of a tuple do not run into each other") {
  CHECK(key_hash(std::tuple{std::string{"ab"}, std::string{"c"}}) !=
        key_hash(std::tuple{std::string{"a"}, std::string{"bc"}}));
  CHECK(key_hash(std::tuple{std::string{""}, std::string{"x"}}) !=
        key_hash(std::tuple{std::string{"x"}, std::string{""}}));
}

TEST_CASE("every key group goes to one subtask, in contiguous ranges of equal size") {
  for (std::size_t n = 1; n <= leat::max_parallelism; ++n) {
    std::vector<std::size_t> groups(n);
    std::size_t last = 0;
    for (leat::key_group g = 0; g < leat::max_parallelism; ++g) {
      const std::size_t to = leat::subtask_of(g, n);
      REQUIRE(to < n);
      REQUIRE(to >= last);
      last = to;
      ++groups[to];
    }
    const auto [least, most] = std::minmax_element(groups.begin(), groups.end());
    CHECK(*least >= 1);
    CHECK(*most - *least <= 1);
  }
}

TEST_CASE("keys spread over the groups") {
  std::vector<int> hits(leat::max_parallelism);
  for (std::int64_t i = 0; i < 128'000; ++i)
    ++hits[key_group_of(key_hash(i))];
  const auto [least, most] = std::minmax_element(hits.begin(), hits.end());
  CHECK(*least > 800);
  CHECK(*most < 1200);
}
