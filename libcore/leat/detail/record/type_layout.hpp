// What the library knows at run time about a type of values: its kind, its parts, and their names.
// Made of the declared fields at compile time, so that what walks over it is compiled once.
#pragma once

#include <leat/scalar_text.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace leat::detail {

enum class type_kind : std::uint8_t { scalar, optional, vector, array, tuple, record };

struct type_layout;

/// A field of a record, or a part of a tuple, which has no name.
struct type_part {
  const type_layout* type;
  std::string_view name;
};

struct type_layout {
  type_kind kind = type_kind::scalar;
  std::string_view name = {};            ///< of a scalar, "i64", or of a record, as declared
  const type_layout* element = nullptr;  ///< of an optional, vector or array
  std::size_t length = 0;                ///< of an array
  std::span<const type_part> parts = {}; ///< of a record or tuple
};

/// "i64", "f32", "bool", "string", "time". An enum is its integer.
template <scalar V>
consteval std::string_view scalar_name() {
  if constexpr (one_of<V, bool>)
    return "bool";
  else if constexpr (one_of<V, std::string>)
    return "string";
  else if constexpr (one_of<V, event_time>)
    return "time";
  else if constexpr (one_of<V, processing_time>)
    return "processing time";
  else if constexpr (fixed_enum<V>)
    return scalar_name<std::underlying_type_t<V>>();
  else if constexpr (floating<V>)
    return sizeof(V) == 4 ? "f32" : "f64";
  else if constexpr (std::is_signed_v<V>)
    return sizeof(V) == 1 ? "i8" : sizeof(V) == 2 ? "i16" : sizeof(V) == 4 ? "i32" : "i64";
  else
    return sizeof(V) == 1 ? "u8" : sizeof(V) == 2 ? "u16" : sizeof(V) == 4 ? "u32" : "u64";
}

template <class V>
consteval type_layout describe_type();

template <class V>
inline constexpr type_layout layout_of = describe_type<V>();

template <class V>
consteval auto describe_parts() {
  if constexpr (is_tuple<V>)
    return with_parts<V>([]<class... Part>() {
      return std::array<type_part, sizeof...(Part)>{type_part{&layout_of<Part>, {}}...};
    });
  else
    return with_fields<V>([]<class... F>(const F&... f) {
      return std::array<type_part, sizeof...(F)>{
          type_part{&layout_of<typename F::value_type>, f.name}...};
    });
}

template <class V>
inline constexpr auto parts_of = describe_parts<V>();

/// Fails to compile, with the list of what is accepted, unless V is a tuple or a field type.
template <class V>
consteval type_layout describe_type() {
  if constexpr (is_tuple<V>)
    return {.kind = type_kind::tuple, .parts = parts_of<V>};
  else if constexpr (!require_field_type<V>())
    return {};
  else if constexpr (scalar<V>)
    return {.name = scalar_name<V>()};
  else if constexpr (is_optional<V>)
    return {.kind = type_kind::optional, .element = &layout_of<typename V::value_type>};
  else if constexpr (is_vector<V>)
    return {.kind = type_kind::vector, .element = &layout_of<typename V::value_type>};
  else if constexpr (is_array<V>)
    return {.kind = type_kind::array,
            .element = &layout_of<typename V::value_type>,
            .length = std::tuple_size_v<V>};
  else
    return {.kind = type_kind::record, .name = V::fields.record, .parts = parts_of<V>};
}

} // namespace leat::detail
