// What may be kept as state: what can be copied, counted and saved.
#pragma once

#include <leat/detail/record/byte_count.hpp>
#include <leat/detail/record/codec.hpp>
#include <leat/detail/record/key.hpp>

#include <concepts>

namespace leat::detail {

template <class V>
constexpr bool can_be_saved() {
  if constexpr (scalar<V> || foreign<V>)
    return true;
  else if constexpr (is_optional<V>)
    return !is_optional<typename V::value_type> && can_be_saved<typename V::value_type>();
  else if constexpr (is_vector<V> || is_array<V>)
    return can_be_saved<typename V::value_type>();
  else if constexpr (is_tuple<V>)
    return with_parts<V>([]<class... Part>() { return (can_be_saved<Part>() && ...); });
  else if constexpr (record<V>)
    return with_fields<V>(
        []<class... F>(const F&...) { return (can_be_saved<typename F::value_type>() && ...); });
  else
    return false;
}

/// A record that holds itself has no end, so that is asked first.
template <class V>
constexpr bool has_state_type() {
  if constexpr (holds_one_of<V>() || !std::copyable<V> || !std::default_initializable<V>)
    return false;
  else
    return can_be_saved<V>();
}
template <class V>
inline constexpr bool is_state_type = has_state_type<V>();

/// Fails to compile, with the list of what is accepted, unless V can be state.
template <class V>
consteval bool require_state_type() {
  static_assert(is_state_type<V>,
                "state must be of a type that can be saved: a bool, an integer (not a char), a "
                "float, a double, an enum with a fixed integer type, a std::string, a "
                "leat::event_time, a record that declares its fields (leat::fields), or a "
                "std::optional, std::vector, std::array, std::pair or std::tuple of these");
  return is_state_type<V>;
}

/// An aggregate: `void add(const X&)` and `auto result() const`.
template <class A>
concept aggregate = requires(const A& a) {
  a.result();
};

} // namespace leat::detail
