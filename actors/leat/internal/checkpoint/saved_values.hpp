// Saved values as JSON, by their saved types: no program type is needed.
#pragma once

#include <leat/detail/record/saved_type.hpp>

namespace leat {

/// Appends a value. False if the bytes are none of that type; then what was appended is of no use.
bool append_saved_json(std::string& to, byte_cursor& from, const detail::saved_type& type);
/// The same for a key.
bool append_saved_key(std::string& to, byte_cursor& from, const detail::saved_type& type);
/// The same for what a state holds for one key: a value, an array, or for a map an array of pairs.
bool append_saved_state(std::string& to, byte_cursor& from, const detail::saved_state_type& type);

} // namespace leat
