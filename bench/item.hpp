// The record, the generator and the steps that all throughput measures share.
#pragma once

#include <leat/record.hpp>

#include <cstdint>

namespace bench {

/// 32 bytes.
struct item {
  std::uint64_t id;
  std::uint64_t key;
  std::uint64_t value;
  std::uint64_t other;
  static constexpr auto fields =
      leat::fields("item", leat::field("id", &item::id), leat::field("key", &item::key),
                   leat::field("value", &item::value), leat::field("other", &item::other));
};
static_assert(sizeof(item) == 32);

inline item generate(std::uint64_t n) { return {n, n * 2654435761U, n ^ (n >> 7), n + 1}; }

inline item mapped(const item& i) { return {i.id, i.key, i.value * 3 + 1, i.other}; }

/// Keeps three of four.
inline bool kept(const item& i) { return (i.value & 3) != 0; }

/// What a sink adds up: it must see every record's content.
inline std::uint64_t weight(const item& i) { return i.value + i.other; }

/// What the keyed stages partition by: the key's bits in these masks.
inline constexpr std::uint64_t first_keys = 8191;
inline constexpr std::uint64_t second_keys = 1023;

/// What a keyed stage emits for an item.
inline item with_sum(const item& i, std::uint64_t sum) { return {i.id, i.key, sum, i.other}; }

} // namespace bench
