// How a record and its origin are written into a dead letter.
#pragma once

#include <leat/json.hpp>
#include <leat/stamp.hpp>

namespace leat {

/// Whether raw_text shows the content of such a record.
template <class T>
constexpr bool has_raw_text = record<T> || foreign<T>;

/// The record as JSON if its fields are known.
template <class T>
std::string raw_text(const T& value) {
  std::string text;
  if constexpr (record<T>)
    append_json(text, value);
  else if constexpr (foreign<T>)
    foreign_record<T>::append_raw_text(text, value);
  else
    text = "(a record without declared fields)";
  return text;
}

/// "split 0, record 17", or nothing where the edge carries no stamps.
inline std::string raw_place(const stamp& s) {
  if (s.position == 0)
    return {};
  return "split " + std::to_string(s.split) + ", record " + std::to_string(s.position);
}

} // namespace leat
