// Single values as the bytes they are in memory, for what travels around records.
#pragma once

#include <leat/detail/record/codec.hpp>

#include <type_traits>

namespace leat {

template <class T>
void put_plain(std::string& to, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// False if the bytes end before. Not for bool: foreign bytes may make one that is neither.
template <class T>
bool get_plain(byte_cursor& from, T& value) {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_same_v<T, bool>);
  const std::byte* bytes = nullptr;
  if (!from.take(sizeof value, bytes))
    return false;
  std::memcpy(&value, bytes, sizeof value);
  return true;
}

} // namespace leat
