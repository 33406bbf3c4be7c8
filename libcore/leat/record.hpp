// A record declares its fields once; CSV, JSON, the binary codec, the fingerprint, byte counts and
// model inputs all follow from that one declaration:
//
//   struct payment {
//     std::int64_t id = 0;
//     std::int64_t cents = 0;
//     static constexpr auto fields =
//         leat::fields("payment", leat::field("id", &payment::id),
//                                 leat::feature("cents", &payment::cents));
//   };
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace leat {

/// One declared field: its name outside the program, its member, and whether models read it.
template <class Record, class Value>
struct field_of {
  using value_type = Value;
  std::string_view name;
  Value Record::*member;
  bool is_feature;
};

/// A field in its place. With std::tuple instead, each record type would cost the compiler a fifth
/// of a second.
template <std::size_t I, class Field>
struct field_at {
  Field field;
};

template <class Places, class... Fields>
struct field_list;
template <std::size_t... I, class... Fields>
struct field_list<std::index_sequence<I...>, Fields...> : field_at<I, Fields>... {
  static constexpr std::size_t count = sizeof...(Fields);

  constexpr explicit field_list(std::string_view name, Fields... list)
      : field_at<I, Fields>{list}..., record(name) {}

  /// Calls `visit(field...)`.
  template <class Visit>
  constexpr decltype(auto) pass_to(Visit&& visit) const {
    return visit(static_cast<const field_at<I, Fields>&>(*this).field...);
  }

  std::string_view record; ///< the record type's name, part of its fingerprint
};

/// Declares a field.
template <class Record, class Value>
constexpr field_of<Record, Value> field(std::string_view name, Value Record::*member) {
  return {name, member, false};
}

/// Declares a field that is also an input of models: arithmetic, handed over as float, in order.
template <class Record, class Value>
requires std::is_arithmetic_v<Value>
constexpr field_of<Record, Value> feature(std::string_view name, Value Record::*member) {
  return {name, member, true};
}

template <class... Fields>
constexpr auto fields(std::string_view record, Fields... list) {
  return field_list<std::index_sequence_for<Fields...>, Fields...>(record, list...);
}

/// A type that declares its fields.
template <class T>
concept record = requires {
  { T::fields.record } -> std::convertible_to<std::string_view>;
  T::fields.count;
};

/// Fails to compile, once, if two fields of T have one name.
template <record T>
consteval void require_distinct_names() {
  constexpr bool distinct = T::fields.pass_to([](const auto&... f) {
    const std::string_view names[] = {f.name..., {}};
    for (std::size_t i = 0; i < sizeof...(f); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (names[i] == names[j])
          return false;
    return true;
  });
  static_assert(distinct, "two fields of a record have the same name: leat::fields(record, "
                          "field...) needs a name for each");
}

/// Calls `visit(field...)` with all fields of T in the order of their declaration.
template <record T, class Visit>
constexpr decltype(auto) with_fields(Visit&& visit) {
  require_distinct_names<T>();
  return T::fields.pass_to(visit);
}

/// Calls `visit(field)` for each field of T in the order of their declaration.
template <record T, class Visit>
constexpr void for_each_field(Visit&& visit) {
  with_fields<T>([&](const auto&... f) { (visit(f), ...); });
}

template <record T>
inline constexpr std::size_t field_count = decltype(T::fields)::count;

/// Makes a record of a type that cannot declare fields because others generate it; specialised by
/// the component that knows such types (leat/protobuf/record.hpp).
template <class T>
struct foreign_record;

/// A type for which that was done.
template <class T>
concept foreign = requires {
  { foreign_record<T>::name() } -> std::convertible_to<std::string_view>;
};

/// A type that sources and sinks can read and write by its fields.
template <class T>
concept any_record = record<T> || foreign<T>;

} // namespace leat
