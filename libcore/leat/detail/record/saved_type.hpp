// Types as saved bytes describe them: read back from their text (fingerprint.hpp), so that bytes of
// a type that this program does not have can be walked over.
#pragma once

#include <leat/detail/record/codec.hpp>

#include <optional>

namespace leat::detail {

enum class saved_kind : std::uint8_t {
  scalar, ///< of a fixed size
  text,
  optional,
  vector,
  array,
  tuple,
  record,
  scored, ///< a score on a row: parts are the row and the score
  foreign ///< declared by others: a length and bytes
};

struct saved_type {
  saved_kind kind = saved_kind::scalar;
  std::string name;              ///< of a scalar or record
  std::size_t size = 0;          ///< in bytes of a scalar; the length of an array
  std::vector<saved_type> parts; ///< the element, the parts, or the fields
  std::string field;             ///< what it is called in the record that it is a field of
};

/// Reads a type_text or row_text. Nothing if it is none.
std::optional<saved_type> parse_type(std::string_view text);
/// The text again.
std::string text_of(const saved_type& type);

/// Steps over a value. False if the bytes end before.
bool skip_value(byte_cursor& from, const saved_type& type);
/// As skip_value; `bytes` is the value.
bool take_value(byte_cursor& from, const saved_type& type, std::string_view& bytes);

/// The same for keys in saved state (key_codec.hpp).
bool skip_key(byte_cursor& from, const saved_type& type);
bool take_key(byte_cursor& from, const saved_type& type, std::string_view& bytes);

/// A state's type, "map i64 -> payment(...)": its kind, and what it holds.
struct saved_state_type {
  std::string kind;              ///< "value", "list", "map" or "aggregating"
  std::optional<saved_type> key; ///< of a map
  saved_type value;
};

/// Nothing if the text is none of a state.
std::optional<saved_state_type> parse_state_type(std::string_view text);
/// Steps over what a state holds for one key.
bool take_cell(byte_cursor& from, const saved_state_type& type, std::string_view& bytes);

} // namespace leat::detail
