#include <leat/detail/record/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <iterator>

namespace leat {

namespace {

/// The length of the well-formed sequence at the start of `text`, 0 when there is none.
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80)
    return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length)
    return 0;
  // Four leads narrow their second byte: against overlong forms, surrogates, and beyond U+10FFFF.
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high)
    return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80)
      return 0;
  return length;
}

std::uint64_t load_eight(const char* from) {
  std::uint64_t eight = 0;
  std::memcpy(&eight, from, sizeof eight);
  return eight;
}

constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;

/// How many bytes from the start are ASCII, in steps of eight, or all.
std::size_t ascii_length(std::string_view text) {
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8)
    if (load_eight(text.data() + at) & high_bits)
      return at;
  if (text.size() >= 8) // the rest, together with bytes that were looked at already
    return load_eight(text.data() + text.size() - 8) & high_bits ? at : text.size();
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80)
    ++at;
  return at;
}

} // namespace

std::size_t valid_utf8_length(std::string_view text) {
  std::size_t at = ascii_length(text);
  while (at < text.size()) {
    const std::size_t length = utf8_sequence(text.substr(at));
    if (length == 0)
      break;
    at += length;
    if (length == 1) // back in ASCII
      at += ascii_length(text.substr(at));
  }
  return at;
}

std::string_view as_utf8(std::string_view text, std::string& storage) {
  std::size_t valid = valid_utf8_length(text);
  if (valid == text.size())
    return text;
  storage.clear();
  while (true) {
    storage += text.substr(0, valid);
    text.remove_prefix(valid);
    if (text.empty())
      return storage;
    storage += "\xEF\xBF\xBD";
    text.remove_prefix(1);
    valid = valid_utf8_length(text);
  }
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string out = "\"";
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_sequence(text.substr(at));
    if (at + std::max<std::size_t>(length, 1) > most)
      return out + "...\"";
    const auto byte = static_cast<unsigned char>(text[at]);
    if (length == 0 || byte < 0x20 || byte == 0x7F)
      fmt::format_to(std::back_inserter(out), "\\x{:02X}", byte);
    else
      out += text.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return out + '"';
}

} // namespace leat
