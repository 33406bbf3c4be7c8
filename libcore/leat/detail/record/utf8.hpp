// Is it UTF-8, and what to do where it is not.
#pragma once

#include <string>
#include <string_view>

namespace leat {

/// How many bytes from the start are well-formed UTF-8 (Unicode 15, table 3-7: no overlong forms,
/// no surrogates, nothing above U+10FFFF); text.size() when all are. Eight bytes of ASCII at a
/// time.
std::size_t valid_utf8_length(std::string_view text);

/// `text` itself when it is UTF-8; else a copy in `storage`, each wrong byte replaced by U+FFFD.
std::string_view as_utf8(std::string_view text, std::string& storage);

/// Foreign text in quotes, as messages show it: cut after 40 bytes, control characters and wrong
/// bytes as \xNN.
std::string shown(std::string_view text);

} // namespace leat
