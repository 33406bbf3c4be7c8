// How much heap memory a value owns, for credit in bytes and for the size of state.
#pragma once

#include <leat/model.hpp>
#include <leat/scalar_text.hpp>

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

namespace leat {

/// Tells the heap bytes of a type that declares no fields; specialise it for your own:
///
///   template <>
///   struct leat::heap_bytes_of<histogram> {
///     static std::size_t count(const histogram& h) { return h.capacity() * sizeof(double); }
///   };
template <class T>
struct heap_bytes_of;

template <class T>
inline constexpr bool is_scored = false;
template <class Features, class Score>
inline constexpr bool is_scored<scored<Features, Score>> = true;

template <class T>
concept counts_heap_bytes = requires(const T& value) {
  { heap_bytes_of<T>::count(value) } -> std::convertible_to<std::size_t>;
};

/// Whether values of T may own heap memory. Where they may not, heap_bytes costs nothing.
template <class T>
constexpr bool may_own_heap() {
  if constexpr (counts_heap_bytes<T>)
    return true;
  else if constexpr (std::is_trivially_copyable_v<T>)
    return false;
  else if constexpr (is_optional<T> || is_array<T>)
    return may_own_heap<typename T::value_type>();
  else if constexpr (is_tuple<T>)
    return with_parts<T>([]<class... Part>() { return (may_own_heap<Part>() || ...); });
  else if constexpr (is_scored<T>)
    return may_own_heap<decltype(T::record)>() || may_own_heap<decltype(T::score)>();
  else if constexpr (record<T>)
    return with_fields<T>(
        []<class... F>(const F&...) { return (may_own_heap<typename F::value_type>() || ...); });
  else
    return true;
}
template <class T>
inline constexpr bool owns_heap = may_own_heap<T>();

/// The heap bytes that `value` owns now, as they were asked for: reserved but unused capacity
/// counts, the allocator's own overhead does not, nor does sizeof(T). A record is counted by its
/// declared fields; a model_ref owns nothing.
template <class T>
constexpr std::size_t heap_bytes(const T& value) {
  const auto sum = [](const auto& list) {
    using element = typename std::remove_cvref_t<decltype(list)>::value_type;
    std::size_t bytes = 0;
    if constexpr (owns_heap<element>)
      for (const element& e : list)
        bytes += heap_bytes(e);
    return bytes;
  };
  if constexpr (counts_heap_bytes<T>) {
    return heap_bytes_of<T>::count(value);
  } else if constexpr (!owns_heap<T>) {
    return 0;
  } else if constexpr (one_of<T, std::string>) {
    const bool inside = value.capacity() <= std::string{}.capacity();
    return inside ? 0 : value.capacity() + 1;
  } else if constexpr (one_of<T, std::vector<bool>>) {
    return value.capacity() / 8;
  } else if constexpr (is_vector<T>) {
    return value.capacity() * sizeof(typename T::value_type) + sum(value);
  } else if constexpr (is_optional<T>) {
    return value ? heap_bytes(*value) : 0;
  } else if constexpr (is_array<T>) {
    return sum(value);
  } else if constexpr (is_tuple<T>) {
    return std::apply([](const auto&... part) { return (std::size_t{0} + ... + heap_bytes(part)); },
                      value);
  } else if constexpr (is_scored<T>) {
    return heap_bytes(value.record) + heap_bytes(value.score);
  } else if constexpr (record<T>) {
    return with_fields<T>([&]<class... F>(const F&... f) {
      const auto bytes = []<class V>(const V& field) -> std::size_t {
        if constexpr (is_field_type<V> || counts_heap_bytes<V>)
          return heap_bytes(field);
        return 0; // the codec says what is wrong with such a field
      };
      return (std::size_t{0} + ... + bytes(value.*f.member));
    });
  } else {
    static_assert(counts_heap_bytes<T>, "declare fields or specialise leat::heap_bytes_of<T>: how "
                                        "much memory a value of this type owns is unknown");
    return 0;
  }
}

} // namespace leat
