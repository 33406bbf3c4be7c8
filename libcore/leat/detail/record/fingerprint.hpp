// A type in one line of text and in 64 bits, the same on every machine and with every compiler.
// Nodes and snapshots compare them before they exchange bytes.
#pragma once

#include <leat/detail/record/type_layout.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace leat {

namespace detail {
std::string text_of(const type_layout& type);
std::uint64_t fingerprint_of_text(std::string_view type);
} // namespace detail

/// Appends a declared name. What separates names is escaped, or two types could share a text.
void append_type_name(std::string& out, std::string_view name);

/// The type in text: "payment(id:i64,card:u32,note:string?,items:[item(price:f32)])". An enum is
/// its integer. Types without fields have a text too: "i64", "string",
/// "(i64,string)".
template <class T>
std::string type_text() {
  require_finite<T>();
  if constexpr (foreign<T>)
    return foreign_record<T>::type_text();
  else
    return detail::text_of(detail::layout_of<T>);
}

/// XXH3-64 of the type's text. Two types with the same fingerprint have the same binary codec.
template <class T>
std::uint64_t fingerprint_of() {
  static const std::uint64_t fingerprint = detail::fingerprint_of_text(type_text<T>());
  return fingerprint;
}

} // namespace leat
