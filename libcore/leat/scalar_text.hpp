// One scalar as text, the same in a CSV cell, a JSON token and a message; and which types a field
// may have at all. Nothing here looks at the locale.
#pragma once

#include <leat/record.hpp>
#include <leat/time.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace leat {

// --- the types of fields ----------------------------------------------------------------------

/// One of T...
template <class V, class... T>
concept one_of = (std::same_as<V, T> || ...);

/// A number without fraction. Characters are none: `char` means text to people, and its sign
/// depends on the machine.
template <class V>
concept integer = one_of<V, signed char, unsigned char, short, unsigned short, int, unsigned, long,
                         unsigned long, long long, unsigned long long>;

template <class V>
concept floating = one_of<V, float, double>;

/// An enum whose underlying integer type is written down, so that every number of it is a value.
template <class V>
concept fixed_enum = std::is_enum_v<V> && requires {
  V{std::underlying_type_t<V>{}};
} && integer<std::underlying_type_t<V>>;

template <class V>
concept time_value = one_of<V, event_time, processing_time>;

/// What fits in one cell. An enum is read and written as its integer.
template <class V>
concept scalar =
    one_of<V, bool, std::string> || time_value<V> || integer<V> || floating<V> || fixed_enum<V>;

template <class V>
inline constexpr bool is_optional = false;
template <class V>
inline constexpr bool is_optional<std::optional<V>> = true;

template <class V>
inline constexpr bool is_vector = false;
template <class V>
inline constexpr bool is_vector<std::vector<V>> = true;

template <class V>
inline constexpr bool is_array = false;
template <class V, std::size_t N>
inline constexpr bool is_array<std::array<V, N>> = true;

template <class V>
inline constexpr bool is_tuple = false;
template <class... V>
inline constexpr bool is_tuple<std::tuple<V...>> = true;
template <class A, class B>
inline constexpr bool is_tuple<std::pair<A, B>> = true;

/// Calls `visit.template operator()<Part...>()` with the types of a tuple's parts.
template <class Tuple, class Visit>
constexpr decltype(auto) with_parts(Visit&& visit) {
  return [&]<std::size_t... I>(std::index_sequence<I...>)->decltype(auto) {
    return visit.template operator()<std::tuple_element_t<I, Tuple>...>();
  }
  (std::make_index_sequence<std::tuple_size_v<Tuple>>{});
}

/// What may be (part of) a field in JSON and in the binary codec. The parts of V are checked where
/// they are used.
template <class V>
inline constexpr bool is_field_type =
    scalar<V> || is_optional<V> || is_vector<V> || is_array<V> || record<V>;

/// Fails to compile, with the list of what is accepted, unless V is a field type.
template <class V>
consteval bool require_field_type() {
  static_assert(is_field_type<V>,
                "a record must declare its fields (leat::fields), and a field must be a bool, an "
                "integer (not a char), a float, a double, an enum with a "
                "fixed integer type, a std::string, a leat::event_time, a record with declared "
                "fields, or a std::optional, std::vector or std::array of these");
  if constexpr (is_optional<V>) {
    static_assert(!is_optional<typename V::value_type>,
                  "a field must not be a std::optional of a std::optional: which one is empty?");
    return !is_optional<typename V::value_type>;
  }
  return is_field_type<V>;
}

/// Whether V is, or holds at any depth, one of the records Outer: such a type has no end.
template <class V, class... Outer>
constexpr bool holds_one_of() {
  if constexpr (is_optional<V> || is_vector<V> || is_array<V>)
    return holds_one_of<typename V::value_type, Outer...>();
  else if constexpr (is_tuple<V>)
    return with_parts<V>([]<class... Part>() { return (holds_one_of<Part, Outer...>() || ...); });
  else if constexpr (one_of<V, Outer...>)
    return true;
  else if constexpr (record<V>)
    return with_fields<V>([]<class... F>(const F&...) {
      return (holds_one_of<typename F::value_type, V, Outer...>() || ...);
    });
  else
    return false;
}

/// Fails to compile when a record in T holds itself.
template <class T>
consteval void require_finite() {
  static_assert(!holds_one_of<T>(), "a record must not hold itself, not even in a std::vector");
}

/// The names of T's fields in the order of their declaration.
template <record T>
constexpr std::array<std::string_view, field_count<T>> field_names() {
  return with_fields<T>(
      [](const auto&... f) { return std::array<std::string_view, sizeof...(f)>{f.name...}; });
}

/// Whether T declares a field of this name.
template <record T>
constexpr bool has_field(std::string_view name) {
  bool found = false;
  for_each_field<T>([&](const auto& f) { found = found || f.name == name; });
  return found;
}

/// Fails, at compile time where it can, if a record has fields that a scored one adds.
template <any_record Features>
void require_scored_names() {
  if constexpr (record<Features>)
    static_assert(!has_field<Features>("score") && !has_field<Features>("model") &&
                      !has_field<Features>("model_sha256"),
                  "a scored record's own fields must not be named score, model or model_sha256");
  else
    foreign_record<Features>::require_scored_names();
}

// --- reading ----------------------------------------------------------------------------------

/// Why a text is not the value that was asked for.
enum class parse_error : std::uint8_t { none, malformed, out_of_range };

/// The parsers behind parse_scalar. All take the text as a whole: blanks around a value and a
/// leading '+' are refused, since nobody who writes them into data means them.
///
/// bool: true, false (any case), 1, 0.
parse_error parse_bool(std::string_view text, bool& out);
/// Decimal digits, leading zeros allowed, with '-' before them. Below `min` or above `max` is out
/// of range, so a negative number never wraps around.
parse_error parse_signed(std::string_view text, std::int64_t min, std::int64_t max,
                         std::int64_t& out);
parse_error parse_unsigned(std::string_view text, std::uint64_t max, std::uint64_t& out);
/// Decimal or scientific, inf, infinity, nan (any case), rounded to nearest. Too large is out of
/// range; too small is zero, which is the nearest.
parse_error parse_floating(std::string_view text, float& out);
parse_error parse_floating(std::string_view text, double& out);
/// ISO 8601, UTC: 2026-01-05T10:20:30.123456Z. The fraction (1 to 6 digits) and the Z may be
/// missing, a space may stand for the T. Years outside 0000..9999 have a sign and six digits. Other
/// offsets, leap seconds (:60) and finer fractions are refused.
parse_error parse_time(std::string_view text, event_time& out);

/// A type's name in messages: uint8, text, time, ...
template <scalar T>
consteval std::string_view plain_name() {
  if constexpr (fixed_enum<T>)
    return plain_name<std::underlying_type_t<T>>();
  else if constexpr (one_of<T, bool>)
    return "bool";
  else if constexpr (one_of<T, std::string>)
    return "text";
  else if constexpr (time_value<T>)
    return "time";
  else if constexpr (floating<T>)
    return one_of<T, float> ? "float" : "double";
  else if constexpr (std::is_signed_v<T>)
    return std::array{"int8", "int16", "", "int32", "", "", "", "int64"}[sizeof(T) - 1];
  else
    return std::array{"uint8", "uint16", "", "uint32", "", "", "", "uint64"}[sizeof(T) - 1];
}

/// What a text of this type looks like: "a whole number", ...
template <scalar T>
consteval std::string_view expected_text() {
  if constexpr (fixed_enum<T>)
    return expected_text<std::underlying_type_t<T>>();
  else if constexpr (one_of<T, bool>)
    return "true or false";
  else if constexpr (one_of<T, std::string>)
    return "a text";
  else if constexpr (time_value<T>)
    return "a time like 2026-01-05T10:20:30Z";
  else
    return floating<T> ? "a number" : "a whole number";
}

/// Reads one scalar from the whole of `text`. `out` is unchanged unless the answer is `none`.
template <scalar T>
parse_error parse_scalar(std::string_view text, T& out) {
  if constexpr (one_of<T, std::string>) {
    out.assign(text);
    return parse_error::none;
  } else if constexpr (one_of<T, bool>) {
    return parse_bool(text, out);
  } else if constexpr (time_value<T>) {
    event_time time;
    const parse_error fault = parse_time(text, time);
    if (fault == parse_error::none)
      out = T{time.time_since_epoch()};
    return fault;
  } else if constexpr (floating<T>) {
    return parse_floating(text, out);
  } else if constexpr (fixed_enum<T>) {
    std::underlying_type_t<T> number{};
    const parse_error fault = parse_scalar(text, number);
    if (fault == parse_error::none)
      out = T{number};
    return fault;
  } else {
    using limits = std::numeric_limits<T>;
    std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t> number = 0;
    parse_error fault;
    if constexpr (std::is_signed_v<T>)
      fault = parse_signed(text, limits::min(), limits::max(), number);
    else
      fault = parse_unsigned(text, limits::max(), number);
    if (fault == parse_error::none)
      out = static_cast<T>(number);
    return fault;
  }
}

/// The fault as part of a sentence: `"abc" is not a whole number`, `300 does not fit in uint8`.
std::string parse_reason(parse_error fault, std::string_view text, std::string_view expected,
                         std::string_view type);
template <scalar T>
std::string parse_reason(parse_error fault, std::string_view text) {
  return parse_reason(fault, text, expected_text<T>(), plain_name<T>());
}

// --- writing ----------------------------------------------------------------------------------

/// The writers behind append_scalar. Floats take the shortest text that reads back to the same
/// bits; every NaN is written `nan`, because its sign differs between machines.
void append_bool(std::string& out, bool value);
void append_integer(std::string& out, std::int64_t value);
void append_integer(std::string& out, std::uint64_t value);
void append_floating(std::string& out, float value);
void append_floating(std::string& out, double value);
void append_time(std::string& out, event_time value);

/// Appends a scalar's text; parse_scalar reads it back to the same value. A std::string is
/// appended as it is.
template <scalar T>
void append_scalar(std::string& out, const T& value) {
  if constexpr (one_of<T, std::string>)
    out += value;
  else if constexpr (one_of<T, bool>)
    append_bool(out, value);
  else if constexpr (time_value<T>)
    append_time(out, event_time{value.time_since_epoch()});
  else if constexpr (floating<T>)
    append_floating(out, value);
  else if constexpr (fixed_enum<T>)
    append_scalar(out, static_cast<std::underlying_type_t<T>>(value));
  else if constexpr (std::is_signed_v<T>)
    append_integer(out, std::int64_t{value});
  else
    append_integer(out, std::uint64_t{value});
}

} // namespace leat
