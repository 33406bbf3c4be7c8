// Keys in saved state: their canonical bytes, the ones that are hashed, and their order.
#pragma once

#include <leat/detail/record/key.hpp>
#include <leat/detail/record/plain_bytes.hpp>

#include <cstring>
#include <string>
#include <tuple>

namespace leat::detail {

/// The key with one representation for all that are equal to it: what is kept of it does not depend
/// on which of them came first.
template <class K>
K canonical_key(const K& key) {
  if constexpr (is_scalar_key<K>)
    return static_cast<K>(canonical(key));
  else if constexpr (is_tuple<K>)
    return std::apply([](const auto&... part) { return K(canonical_key(part)...); }, key);
  else
    return key;
}

/// A total order of keys: numbers ascend with NaN after all others, texts by their bytes, tuples by
/// their first part that differs.
template <class K>
bool key_before(const K& a, const K& b) {
  if constexpr (std::is_floating_point_v<K>)
    return a < b || (std::isnan(b) && !std::isnan(a));
  else if constexpr (is_tuple<K>)
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      int order = 0;
      const auto differ = [&](const auto& x, const auto& y) {
        order = key_before(x, y) ? -1 : key_before(y, x) ? 1 : 0;
        return order != 0;
      };
      (void)(differ(std::get<I>(a), std::get<I>(b)) || ...);
      return order < 0;
    }
  (std::make_index_sequence<std::tuple_size_v<K>>{});
  else return a < b;
}

struct key_order {
  template <class K>
  bool operator()(const K& a, const K& b) const {
    return key_before(a, b);
  }
};

/// Reads what append_key wrote. False if the bytes end early or are none that it writes.
template <class K>
bool read_key(byte_cursor& from, K& key) {
  if constexpr (is_scalar_key<K>) {
    auto value = canonical(key);
    if constexpr (one_of<decltype(value), bool>) {
      if (!read_binary_value(from, value))
        return false;
    } else if (!get_plain(from, value)) {
      return false;
    }
    key = static_cast<K>(value);
    const auto only_form = canonical(value);
    return std::memcmp(&only_form, &value, sizeof value) == 0;
  } else if constexpr (is_tuple<K>) {
    return std::apply([&](auto&... part) { return (read_key(from, part) && ...); }, key);
  } else {
    std::uint64_t size = 0;
    const std::byte* bytes = nullptr;
    if (!get_plain(from, size) || !from.take(size, bytes))
      return false;
    key.assign(reinterpret_cast<const char*>(bytes), size);
    return true;
  }
}

/// Appends the type in text, as type_text does: "i64", "(string,u8)". An enum is its integer.
template <class K>
void append_key_type(std::string& out) {
  if constexpr (is_scalar_key<K>) {
    using number = decltype(canonical(K{}));
    if constexpr (one_of<number, bool>)
      out += "bool";
    else
      (out += floating<number>           ? 'f'
              : std::is_signed_v<number> ? 'i'
                                         : 'u') += std::to_string(sizeof(number) * 8);
  } else if constexpr (is_tuple<K>) {
    char separator = '(';
    with_parts<K>([&]<class... Part>() {
      ((out += separator, separator = ',', append_key_type<Part>(out)), ...);
    });
    out += std::tuple_size_v<K> == 0 ? "()" : ")";
  } else {
    out += "string";
  }
}

template <class K>
std::string key_type_text() {
  std::string text;
  append_key_type<K>(text);
  return text;
}

} // namespace leat::detail
