// Keys decide which subtask a record goes to. The numbers are stable for ever: key group = XXH3-64
// of the key's canonical little-endian bytes, modulo max_parallelism.
#pragma once

#include <leat/scalar_text.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace leat {

/// The number of key groups; a keyed stage can have at most so many subtasks.
inline constexpr std::size_t max_parallelism = 128;

using key_group = std::uint32_t;

namespace detail {
/// XXH3-64, seed 0.
std::uint64_t hash_bytes(const void* data, std::size_t size);

/// The same of the `size` bytes of one word, 4 or 8, as they stand for in XXH3's specification:
/// most keys are such words, and a call costs as much as the hash.
constexpr std::uint64_t hash_word(std::uint64_t halves, std::uint64_t size) {
  constexpr std::uint64_t secret = 0xc73ab174c5ecd5a2; // bytes 8 to 23 of the default one, combined
  constexpr std::uint64_t prime = 0x9fb21c651e98df25;
  std::uint64_t h = halves ^ secret;
  h ^= std::rotl(h, 49) ^ std::rotl(h, 24);
  h *= prime;
  h ^= (h >> 35) + size;
  h *= prime;
  return h ^ (h >> 28);
}
inline std::uint64_t hash_of(std::uint64_t word) { return hash_word(std::rotl(word, 32), 8); }
inline std::uint64_t hash_of(std::uint32_t word) {
  return hash_word(word + (std::uint64_t{word} << 32), 4);
}

template <class T>
constexpr bool is_scalar_key =
    (std::is_arithmetic_v<T> && !std::is_same_v<T, long double>) || std::is_enum_v<T>;

template <class T>
struct is_key : std::bool_constant<is_scalar_key<T> || std::is_same_v<T, std::string>> {};
template <class... T>
struct is_key<std::tuple<T...>> : std::conjunction<is_key<T>...> {};
template <class A, class B>
struct is_key<std::pair<A, B>> : std::conjunction<is_key<A>, is_key<B>> {};

/// The value with one representation for equal keys: no -0, one NaN.
template <class T>
auto canonical(T value) {
  if constexpr (std::is_enum_v<T>)
    return static_cast<std::underlying_type_t<T>>(value);
  else if constexpr (std::is_floating_point_v<T>)
    return std::isnan(value) ? std::numeric_limits<T>::quiet_NaN() : value == T{0} ? T{0} : value;
  else
    return value;
}

/// Equal as keys: a NaN equals a NaN.
template <class T>
bool same_key(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>)
    return a == b || (std::isnan(a) && std::isnan(b));
  else if constexpr (is_tuple<T>)
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (same_key(std::get<I>(a), std::get<I>(b)) && ...);
    }
  (std::make_index_sequence<std::tuple_size_v<T>>{});
  else return a == b;
}

template <class T>
void append_key(std::string& bytes, const T& key) {
  if constexpr (is_scalar_key<T>) {
    const auto value = canonical(key);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    append_key(bytes, static_cast<std::uint64_t>(key.size()));
    bytes += key;
  } else {
    std::apply([&](const auto&... part) { (append_key(bytes, part), ...); }, key);
  }
}
} // namespace detail

static_assert(std::endian::native == std::endian::little, "keys are hashed as little-endian bytes");

/// What records may be partitioned by: a number, an enum, a bool, a std::string, or a std::tuple or
/// std::pair of these.
template <class K>
concept key = detail::is_key<K>::value;

/// XXH3-64, seed 0, of the key's canonical bytes.
template <class K>
std::uint64_t key_hash(const K& key) {
  if constexpr (detail::is_scalar_key<K>) {
    const auto value = detail::canonical(key);
    if constexpr (sizeof value == 8)
      return detail::hash_of(std::bit_cast<std::uint64_t>(value));
    else if constexpr (sizeof value == 4)
      return detail::hash_of(std::bit_cast<std::uint32_t>(value));
    else
      return detail::hash_bytes(&value, sizeof value);
  } else if constexpr (std::is_same_v<K, std::string>) {
    return detail::hash_bytes(key.data(), key.size());
  } else {
    std::string bytes;
    detail::append_key(bytes, key);
    return detail::hash_bytes(bytes.data(), bytes.size());
  }
}

inline key_group key_group_of(std::uint64_t hash) { return hash % max_parallelism; }

/// Key groups go to subtasks in contiguous, equal ranges.
inline std::size_t subtask_of(key_group group, std::size_t subtasks) {
  return group * subtasks / max_parallelism;
}

} // namespace leat
