// What reading older bytes of a type takes besides its text: the defaults of its fields, and the
// older types that it can be made from. A record that cannot be read field by field names one:
//
//   struct payment {
//     std::int64_t cents = 0;
//     static constexpr auto fields = leat::fields("payment", leat::field("cents",
//     &payment::cents)); static payment migrate(const payment_v1& old) { return
//     {std::llround(old.amount * 100)}; }
//   };
//
// where payment_v1 has the name "payment" and the fields as they were. It may itself name an older
// one.
#pragma once

#include <leat/detail/record/byte_count.hpp>
#include <leat/detail/record/codec.hpp>
#include <leat/detail/record/fingerprint.hpp>

namespace leat::detail {

struct type_history {
  std::string (*text)() = nullptr;
  /// Appends a record whose fields have their declared defaults; null for other types.
  void (*append_default)(std::string& to) = nullptr;
  /// The type that it can be made from, and how: from its bytes. Null if there is none.
  const type_history* older = nullptr;
  bool (*migrate)(std::string_view older, std::string& to) = nullptr;
  /// Of the element, the parts or the fields.
  std::span<const type_history* const> parts = {};
};

template <class T, class Old>
Old older_type(T (*)(const Old&));

template <class T>
concept migrating = record<T> && requires {
  older_type(&T::migrate);
};

template <class V>
const type_history& history_of();

template <class V>
std::string row_text() {
  if constexpr (is_scored<V>)
    return row_text<decltype(V::record)>() + "=>" + type_text<decltype(V::score)>();
  else
    return type_text<V>();
}

template <record T>
void append_default(std::string& to) {
  append_binary(to, T{});
}

template <migrating T>
bool migrate(std::string_view older, std::string& to) {
  decltype(older_type(&T::migrate)) old{};
  byte_cursor from(older);
  if (!read_binary(from, old) || from.left() > 0)
    return false;
  append_binary(to, T::migrate(old));
  return true;
}

template <class... Part>
std::span<const type_history* const> histories() {
  static const std::array<const type_history*, sizeof...(Part)> all{&history_of<Part>()...};
  return all;
}

template <class V>
type_history make_history() {
  type_history h;
  h.text = &row_text<V>;
  if constexpr (is_scored<V>)
    h.parts = histories<decltype(V::record), decltype(V::score)>();
  else if constexpr (is_optional<V> || is_vector<V> || is_array<V>)
    h.parts = histories<typename V::value_type>();
  else if constexpr (is_tuple<V>)
    h.parts = with_parts<V>([]<class... Part>() { return histories<Part...>(); });
  else if constexpr (record<V>) {
    h.append_default = &append_default<V>;
    h.parts = with_fields<V>(
        []<class... F>(const F&...) { return histories<typename F::value_type...>(); });
  }
  if constexpr (migrating<V>) {
    h.older = &history_of<decltype(older_type(&V::migrate))>();
    h.migrate = &migrate<V>;
  }
  return h;
}

template <class V>
const type_history& history_of() {
  static const type_history history = make_history<V>();
  return history;
}

} // namespace leat::detail
