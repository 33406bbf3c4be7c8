// A type in one line of text and in 64 bits, the same on every machine and with every compiler.
// Nodes and snapshots compare them before they exchange bytes.
#pragma once

#include <leat/scalar_text.hpp>

#include <xxhash.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace leat {

/// Appends a declared name. What separates names is escaped, or two types could share a text.
inline void append_type_name(std::string& out, std::string_view name) {
  for (const char c : name) {
    if (std::string_view{"\\(),:;?[]"}.find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
}

template <class T>
void append_type(std::string& out) {
  if constexpr (foreign<T>) {
    foreign_record<T>::append_type(out);
  } else if constexpr (is_tuple<T>) {
    char separator = '(';
    with_parts<T>([&]<class... Part>() {
      ((out += separator, separator = ',', append_type<Part>(out)), ...);
    });
    out += std::tuple_size_v<T> == 0 ? "()" : ")";
  } else if constexpr (!require_field_type<T>()) {
    return;
  } else if constexpr (one_of<T, bool>) {
    out += "bool";
  } else if constexpr (one_of<T, std::string>) {
    out += "string";
  } else if constexpr (one_of<T, event_time>) {
    out += "time";
  } else if constexpr (one_of<T, processing_time>) {
    out += "processing time";
  } else if constexpr (fixed_enum<T>) {
    append_type<std::underlying_type_t<T>>(out);
  } else if constexpr (scalar<T>) {
    out += floating<T> ? 'f' : std::is_signed_v<T> ? 'i' : 'u';
    out += std::to_string(sizeof(T) * 8);
  } else if constexpr (is_optional<T>) {
    append_type<typename T::value_type>(out);
    out += '?';
  } else if constexpr (is_vector<T>) {
    append_type<typename T::value_type>(out += '[');
    out += ']';
  } else if constexpr (is_array<T>) {
    append_type<typename T::value_type>(out += '[');
    out += ';' + std::to_string(std::tuple_size_v<T>) + ']';
  } else {
    append_type_name(out, T::fields.record);
    char separator = '(';
    for_each_field<T>([&]<class F>(const F& f) {
      out += separator;
      separator = ',';
      append_type_name(out, f.name);
      append_type<typename F::value_type>(out += ':');
    });
    out += field_count<T> == 0 ? "()" : ")";
  }
}

/// The type in text: "payment(id:i64,card:u32,note:string?,items:[item(price:f32)])". An enum is
/// its integer. Types without fields have a text too: "i64", "string",
/// "(i64,string)". Made once.
template <class T>
const std::string& type_text() {
  require_finite<T>();
  static const std::string text = [] {
    std::string out;
    append_type<T>(out);
    return out;
  }();
  return text;
}

/// XXH3-64 of the type's text. Two types with the same fingerprint have the same binary codec.
template <class T>
std::uint64_t fingerprint_of() {
  constexpr std::uint64_t seed = 0x6c656174; // "leat"; part of every snapshot, never to be changed
  static const std::uint64_t fingerprint =
      XXH3_64bits_withSeed(type_text<T>().data(), type_text<T>().size(), seed);
  return fingerprint;
}

} // namespace leat
